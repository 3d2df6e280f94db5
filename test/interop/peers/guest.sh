#!/bin/bash
# Process 1 of a peer machine (machine.sh): lays a memory overlay over the host's read-only root, sets up the network,
# then runs commands from the spool folder: q/N.cmd -> q/N.out, q/N.err, and last q/N.rc.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
mount -t proc proc /proc
for word in $(cat /proc/cmdline); do case $word in peer_*=*) eval "$(echo "$word" | tr -cd 'A-Za-z0-9_=./:,-')" ;; esac; done
release=$(uname -r)
modules=/usr/lib/uml/modules/$release
if [ -z "$STAGE" ]; then
  for module in $(find "$modules/kernel/fs" -name 'overlay.ko*' 2>/dev/null); do insmod "$module" 2>/dev/null; done
  mount -t tmpfs tmpfs /mnt || exec sh
  mkdir -p /mnt/upper /mnt/work /mnt/lower /mnt/root
  mount --bind / /mnt/lower
  mount -t overlay overlay -o lowerdir=/mnt/lower,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root || busybox poweroff -f
  cd /mnt/root && mkdir -p "lib/modules/$release"
  umount /proc
  STAGE=2 exec chroot /mnt/root /bin/bash "$peer_init"
fi
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev 2>/dev/null
mkdir -p /dev/pts /dev/shm /dev/net
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs /run
mkdir -p /run/lock /run/xl2tpd /var/run /run/netns
mount --bind "$modules" "/lib/modules/$release"
[ -c /dev/net/tun ] || mknod /dev/net/tun c 10 200
[ -c /dev/ppp ] || mknod /dev/ppp c 108 0
mkdir -p "$peer_dir"
mount -t hostfs hostfs "$peer_dir" -o "$peer_dir"
hostname "$peer_name"
ip link set lo up
. "$peer_dir/setup"
: >"$peer_dir/ready"
mkfifo /run/tick
exec 3<>/run/tick # nobody writes to it: a read with a limit sleeps without a fork
n=1
while :; do
  if [ -e "$peer_dir/q/$n.cmd" ]; then
    bash "$peer_dir/q/$n.cmd" >"$peer_dir/q/$n.out" 2>"$peer_dir/q/$n.err" </dev/null 3<&-
    echo $? >"$peer_dir/q/$n.tmp"
    mv "$peer_dir/q/$n.tmp" "$peer_dir/q/$n.rc"
    n=$((n + 1))
  elif [ -e "$peer_dir/stop" ]; then
    busybox poweroff -f
    sleep 1
  else read -r -t 0.05 -u 3 _; fi
done
