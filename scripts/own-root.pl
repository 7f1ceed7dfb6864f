#!/usr/bin/perl
# Runs a command outside of the chroot that we are in, with the same files.
#
# In a chroot the kernel creates no user namespaces (user_namespaces(7), EPERM). So: a mount
# namespace of our own, out of the chroot by chroot itself, and the directory becomes the
# namespace's root by pivot_root. Perl, because it is there on every Debian, before anything else.
use strict;
use warnings;
use POSIX ();

my %numbers = (    # unshare, mount, pivot_root, umount2
    x86_64  => [ 272, 165, 155, 166 ],
    aarch64 => [ 97,  40,  41,  39 ],
);
my $machine = (POSIX::uname())[4];
my ($unshare, $mount, $pivot_root, $umount2) = @{ $numbers{$machine} // die "own-root: what is $machine?\n" };
my ($NEWNS, $BIND, $REC, $PRIVATE, $DETACH) = (0x20000, 0x1000, 0x4000, 0x40000, 2);

sub call {
    my ($what, $number, @arguments) = @_;
    syscall($number, @arguments) == 0 or die "own-root: $what: $!\n";
}
sub same {
    my ($one, $two) = @_;
    return $one->[0] == $two->[0] && $one->[1] == $two->[1];
}

call('unshare', $unshare, $NEWNS);
opendir(my $here, '/') or die "own-root: /: $!\n";
my $away = "/tmp/own-root.$$";
mkdir($away) or die "own-root: $away: $!\n";
# The way out: a root below the directory that we stay in, so that nothing stops "..".
chroot($away) or die "own-root: chroot: $!\n";
chdir($here)  or die "own-root: chdir: $!\n";
rmdir(".$away");
chdir('..') or die "own-root: ..: $!\n" until same([stat('.')], [stat('..')]);
chroot('.') or die "own-root: chroot: $!\n";

my ($none, $root, $dot, $empty) = ('none', '/', '.', '');
call('mount', $mount, $none, $root, $empty, $PRIVATE | $REC, $empty);
chdir($here) or die "own-root: chdir: $!\n";
my $path = POSIX::getcwd() or die "own-root: getcwd: $!\n";
call('bind mount', $mount, $dot, $dot, $empty, $BIND | $REC, $empty);
chdir($path) or die "own-root: $path: $!\n";
# pivot_root(".", "."), as pivot_root(2) describes it: the old root lies above the new one.
call('pivot_root', $pivot_root, $dot, $dot);
call('umount', $umount2, $dot, $DETACH);
chdir($ENV{PWD} // '/') or chdir('/');
exec { $ARGV[0] } @ARGV or die "own-root: $ARGV[0]: $!\n";
