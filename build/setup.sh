#!/bin/sh
# Set-up for "npm start" and "npm test": the npm packages and, with --tests, the tools that network tests call.
# Quiet when there is nothing to do. With CI=true the peers of the interop tests are installed too.
set -eu
cd "$(dirname "$0")/.."

bun_runs() { node_modules/.bin/bun --version >/dev/null 2>&1; }

if ! bun_runs || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  echo "Installing packages ..."
  npm ci --no-fund --no-audit --loglevel=error
fi
# npm may have been told not to run install scripts: then the runtime's own one has still to put the binary in place.
bun_runs || node node_modules/bun/install.js
bun_runs || { echo "The Bun runtime does not start on this machine (node_modules/.bin/bun --version)." >&2; exit 1; }

[ "${1:-}" = --tests ] || exit 0

missing() {
  for pair in "$@"; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || [ -e "/usr/sbin/${pair%%:*}" ] || [ -e "/usr/lib/${pair%%:*}" ] || echo "${pair##*:}"
  done
}
# command:package
wanted="git:git ip:iproute2 nft:nftables iperf3:iperf3 tshark:tshark tcpdump:tcpdump ethtool:ethtool ping:iputils-ping unshare:util-linux"
if [ "${CI:-}" = true ]; then
  wanted="$wanted linux.uml:user-mode-linux xl2tpd:xl2tpd pppd:ppp pppoe-server:pppoe kmod:kmod busybox:busybox-static ps:procps fuser:psmisc l2tpns:l2tpns freeradius:freeradius radclient:freeradius-utils dnsmasq:dnsmasq-base vpnserver:softether-vpnserver vpncmd:softether-vpncmd systemd-analyze:systemd"
  # The image, its checks and its boot.
  wanted="$wanted qemu-system-aarch64:qemu-system-arm mksquashfs:squashfs-tools mcopy:mtools mkfs.vfat:dosfstools mke2fs:e2fsprogs sfdisk:fdisk xz:xz-utils zstd:zstd cpio:cpio shellcheck:shellcheck gzip:gzip dpkg-deb:dpkg"
fi
# shellcheck disable=SC2086
packages=$(missing $wanted)
[ -n "$packages" ] || exit 0
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "Not installed here, tests that need them will skip:" $packages
  exit 0
fi
echo "Installing for the tests:" $packages
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086
apt-get install -y -qq --no-install-recommends $packages >/dev/null
