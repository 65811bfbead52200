#!/bin/sh
# The first process of the small guest: sets it up, then becomes busybox's init, which keeps a root shell on each console.
export PATH=/bin:/sbin

mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /run
mount -t devpts pts /dev/pts
mount -t tmpfs run /run

# Xen's cards come some time after their driver, and any card may be attached later.
uevent /etc/card.sh >/dev/null &
for module in /modules/*.ko; do
	insmod "$module"
done

name=guest
read -r words </proc/cmdline
for word in $words; do
	case $word in xenia.guest=*) name=${word#*=} ;; esac
done
hostname "$name"

# Every key of xm sysrq works, also the crash.
echo 1 >/proc/sys/kernel/sysrq

ip link set lo up
for card in /sys/class/net/eth*; do
	[ -e "$card" ] && ACTION=add SUBSYSTEM=net INTERFACE=${card##*/} /etc/card.sh
done

# The power button ends the guest; there is nothing to stop before. It is opened here and read in the background, so
# that from now on no press is lost.
for input in /sys/class/input/event*; do
	[ "$(cat "$input/device/name" 2>/dev/null)" = "Power Button" ] || continue
	exec 3<"/dev/input/${input##*/}"
	{ dd bs=24 count=1 <&3 of=/dev/null 2>/dev/null && sync && poweroff -f; } & # 24: sizeof(struct input_event)
	exec 3<&-
done

# A serial port that is not there has its file nevertheless, but no settings.
for console in ttyS0 hvc0; do
	stty <"/dev/$console" >/dev/null && echo "$console::respawn:-/bin/sh"
done >/etc/inittab 2>/dev/null
echo "::ctrlaltdel:/bin/reboot" >>/etc/inittab

exec /bin/init
