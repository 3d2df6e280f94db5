#!/bin/sh
# Writes hashi's image to an SD card or USB stick (Linux, macOS), or to a plain file. Nothing is written before everything was
# checked; the first part of the card is written last, so that a card that was pulled does not start; what was written is read back.
set -eu
LC_ALL=C
export LC_ALL

usage() {
  cat <<'X'
usage: flash.sh [options] IMAGE[.zst|.xz|.gz] [DEVICE|FILE]
  --list              the cards and sticks that may be written
  --dry-run           checks everything and says what would be done
  --config FILE.cfg   the configuration that the box starts with
  --ssh-key FILE      a public key that may log in by ssh
  --hostname NAME     the system name
  --password WORD     the password of manager; - asks for it
  --ports FILE.json   which devices are which ports: {"ports": {"eth0": "eth0.10", "eth1": "eth0.20"}}
  --yes               does not ask
Without DEVICE the card is asked for.
X
}
die() { echo "flash.sh: $*" >&2; exit 1; }
say() { echo "$*" >&2; }

# Tests put trees of their own here.
SYS=${FLASH_SYS:-/sys}
DEV=${FLASH_DEV:-/dev}
MOUNTS=${FLASH_MOUNTS:-/proc/self/mountinfo}
SWAPS=${FLASH_SWAPS:-/proc/swaps}
OS=$(uname -s)

MIB=1048576
SEED=6144
SEED_MAX=$((1048576 - 512))
DISK_ID=a740a740

image='' target='' list='' dry='' config='' key='' host='' password='' ports='' yes=''
while [ $# -gt 0 ]; do
  case $1 in
    --list) list=1 ;;
    --dry-run) dry=1 ;;
    --yes) yes=1 ;;
    --config | --ssh-key | --hostname | --password | --ports)
      [ $# -gt 1 ] || die "$1 needs a value"
      case $1 in --config) config=$2 ;; --ssh-key) key=$2 ;; --hostname) host=$2 ;; --password) password=$2 ;; --ports) ports=$2 ;; esac
      shift
      ;;
    -h | --help) usage; exit 0 ;;
    -*) usage >&2; die "unknown option $1" ;;
    *) if [ -z "$image" ]; then image=$1; elif [ -z "$target" ]; then target=$1; else die "one image and one device, no \"$1\""; fi ;;
  esac
  shift
done

# ---- disks: names without /dev ----

read_file() { if [ -r "$1" ]; then tr -d '\000' <"$1" | sed 's/ *$//'; fi; }
human() { awk -v n="$1" 'BEGIN { if (n >= 1e9) printf "%.1f GB", n / 1e9; else printf "%.0f MB", n / 1e6 }'; }

# A disk with its partitions and everything that stands on them (LVM, encryption, RAID), as names of block devices.
stack_of() {
  echo "$1"
  for below in "$SYS/block/$1/$1"*; do
    [ -d "$below" ] && stack_of_part "$below"
  done
  for holder in "$SYS/block/$1/holders/"*; do
    [ -e "$holder" ] && stack_of "${holder##*/}"
  done
  return 0
}
stack_of_part() {
  echo "${1##*/}"
  for holder in "$1/holders/"*; do
    [ -e "$holder" ] && stack_of "${holder##*/}"
  done
  return 0
}

# Where anything of a disk is mounted, one per line.
mounted_linux() {
  for name in $(stack_of "$1"); do
    number=$(read_file "$SYS/class/block/$name/dev")
    awk -v number="${number:-none}" -v device="$DEV/$name" '{ for (i = 7; i <= NF; i++) if ($i == "-") break; if ($3 == number || $(i + 2) == device) print $5 }' "$MOUNTS"
    [ ! -r "$SWAPS" ] || awk -v device="$DEV/$name" '$1 == device { print "swap" }' "$SWAPS"
  done | sort -u
}

# One sentence why a disk may not be written; nothing where it may.
why_not_linux() {
  disk=$SYS/block/$1
  [ -d "$disk" ] || { echo "it is no whole disk"; return; }
  case $1 in
    loop* | ram* | zram* | dm-* | md* | sr* | fd* | nbd*) echo "it is no card or stick"; return ;;
    *boot[01] | *rpmb) echo "it is a boot area of built-in memory"; return ;;
  esac
  at=$(mounted_linux "$1")
  for place in / /boot /boot/efi /boot/firmware /usr /home /var swap; do
    case "
$at
" in *"
$place
"*) echo "the running system is on it ($place)"; return ;; esac
  done
  [ -z "$at" ] || { echo "it is mounted at $(echo "$at" | head -n 1): unmount it first"; return; }
  for name in $(stack_of "$1"); do
    case $name in dm-* | md*) echo "LVM, encryption or RAID is active on it ($name)"; return ;; esac
  done
  [ "$(read_file "$disk/size")" != 0 ] || { echo "there is no card in it"; return; }
  [ "$(read_file "$disk/ro")" != 1 ] || { echo "it is write-protected"; return; }
  case $1 in
    mmcblk*) [ "$(read_file "$disk/device/type")" != MMC ] || { echo "it is built-in memory (eMMC)"; return; } ;;
    *) case $(cd "$disk" && pwd -P) in */usb*) ;; *) [ "$(read_file "$disk/removable")" = 1 ] || { echo "it is a built-in disk"; return; } ;; esac ;;
  esac
}
size_linux() { echo $(($(read_file "$SYS/block/$1/size") * 512)); }
model_linux() { echo "$(read_file "$SYS/block/$1/device/vendor") $(read_file "$SYS/block/$1/device/model")$(read_file "$SYS/block/$1/device/name")" | sed 's/^ *//'; }
disks_linux() { for disk in "$SYS"/block/*; do [ -d "$disk" ] && echo "${disk##*/}"; done; }

info() { diskutil info "$1" 2>/dev/null | sed -n "s/^ *$2: *//p" | head -n 1; }
why_not_macos() {
  [ "$(info "$1" Whole)" = Yes ] || { echo "it is no whole disk"; return; }
  [ "$(info "$1" Virtual)" != Yes ] || { echo "it is no card or stick"; return; }
  [ "$(info "$1" 'Device Location')" != Internal ] || [ "$(info "$1" Protocol)" = 'Secure Digital' ] || { echo "it is a built-in disk"; return; }
  [ "$(info "$1" 'Media Read-Only')" != Yes ] || { echo "it is write-protected"; return; }
  at=$(mount | sed -n "s,^$DEV/${1}s[0-9]* on \(.*\) (.*,\1,p" | head -n 1)
  case $at in '') ;; /) echo "the running system is on it (/)" ;; *) echo "it is mounted at $at: diskutil unmountDisk $1 first" ;; esac
}
size_macos() { info "$1" 'Disk Size' | sed 's/.*(\([0-9]*\) Bytes).*/\1/'; }
model_macos() { info "$1" 'Device \/ Media Name'; }
disks_macos() { diskutil list | sed -n 's,^/dev/\(disk[0-9]*\).*,\1,p'; }

case $OS in
  Linux) kind=linux ;;
  Darwin) kind=macos ;;
  *) die "this works on Linux and macOS, not on $OS" ;;
esac
why_not() { "why_not_$kind" "$1"; }
size_of() { "size_$kind" "$1"; }
show() { printf '%-12s %10s  %s\n' "$1" "$(human "$(size_of "$1")")" "$("model_$kind" "$1")"; }
candidates() { for disk in $("disks_$kind"); do [ -n "$(why_not "$disk")" ] || echo "$disk"; done; }

if [ -n "$list" ]; then
  found=$(candidates)
  [ -n "$found" ] || say "no card or stick was found"
  for disk in $found; do show "$disk"; done
  exit 0
fi

# ---- the image ----

[ -n "$image" ] || { usage >&2; exit 2; }
[ -r "$image" ] || die "$image cannot be read"
case $image in
  *.zst) unpack() { zstd -dcq "$image"; }; tool=zstd ;;
  *.xz) unpack() { xz -dc "$image"; }; tool=xz ;;
  *.gz) unpack() { gzip -dc "$image"; }; tool=gzip ;;
  *) unpack() { cat "$image"; }; tool='' ;;
esac
if [ -n "$tool" ]; then
  command -v "$tool" >/dev/null 2>&1 || die "$tool is needed to unpack $image"
  "$tool" -tq "$image" 2>/dev/null || die "$image is damaged: it does not unpack"
fi
if command -v sha256sum >/dev/null 2>&1; then sha256() { sha256sum | cut -d ' ' -f 1; }; else sha256() { shasum -a 256 | cut -d ' ' -f 1; }; fi

work=$(mktemp -d "${TMPDIR:-/tmp}/flash.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say "Checking $image ..."
size=$(unpack | wc -c | tr -d ' ')
unpack 2>/dev/null | head -c $MIB >"$work/head" || true
[ "$(od -An -tx4 -j 440 -N 4 "$work/head" 2>/dev/null | tr -d ' ')" = $DISK_ID ] || die "$image is no image of hashi"
[ $((size % MIB)) = 0 ] || die "$image is damaged: it ends in the middle ($size octets)"
sum=$(unpack | sha256)
plain=$image
[ -z "$tool" ] || plain=${image%.*}
if [ -r "$plain.sha256" ]; then
  [ "$(cut -d ' ' -f 1 "$plain.sha256")" = "$sum" ] || die "$image is damaged: it does not match $plain.sha256"
fi

# ---- what goes along: taken by the box at its first start (board/appliance/init) ----

mkdir "$work/seed"
files=''
if [ -n "$config" ]; then
  [ -r "$config" ] || die "$config cannot be read"
  cp "$config" "$work/seed/boot.cfg"
  files="$files boot.cfg"
fi
if [ -n "$key" ]; then
  [ -r "$key" ] || die "$key cannot be read"
  grep -q '^\(ssh-\|ecdsa-\|sk-\)' "$key" || die "$key is no public key of ssh"
  cp "$key" "$work/seed/authorized_keys"
  files="$files authorized_keys"
fi
if [ -n "$ports" ]; then
  [ -r "$ports" ] || die "$ports cannot be read"
  case $(tr -d ' \t\r\n' <"$ports") in '{'*'}') ;; *) die "$ports is no JSON object" ;; esac
  cp "$ports" "$work/seed/board.json"
  files="$files board.json"
fi
if [ "$password" = - ]; then
  [ ! -t 0 ] || { printf 'Password of manager: ' >&2; stty -echo; }
  IFS= read -r password || true
  [ ! -t 0 ] || { stty echo; echo >&2; }
fi
if [ -n "$host$password" ]; then
  : >"$work/seed/first.cfg"
  chmod 600 "$work/seed/first.cfg"
  if [ -n "$host" ]; then
    case $host in *[!A-Za-z0-9._-]*) die "a host name has letters, digits, \"-\", \"_\" and \".\"" ;; esac
    echo "SET SYSTEM NAME=$host" >>"$work/seed/first.cfg"
  fi
  if [ -n "$password" ]; then
    case $password in *[!\ -~]* | *\"*) die "a password has printable characters other than \"" ;; esac
    { [ ${#password} -ge 6 ] && [ ${#password} -le 32 ]; } || die "a password has 6 to 32 characters"
    echo "SET USER=manager PASSWORD=\"$password\"" >>"$work/seed/first.cfg"
  fi
  files="$files first.cfg"
fi
if [ -n "$files" ]; then
  # shellcheck disable=SC2086
  (cd "$work/seed" && COPYFILE_DISABLE=1 tar -cf ../seed.tar $files)
  length=$(wc -c <"$work/seed.tar" | tr -d ' ')
  [ "$length" -le $SEED_MAX ] || die "what goes along is too long for their place on the card"
  { printf 'hashi-seed 1 %s %s\n' "$length" "$(sha256 <"$work/seed.tar")"; head -c 512 /dev/zero; } | head -c 512 >"$work/seed.img"
  cat "$work/seed.tar" >>"$work/seed.img"
  head -c $((511 - (length + 511) % 512)) /dev/zero >>"$work/seed.img"
fi

# ---- where to ----

if [ -z "$target" ]; then
  found=$(candidates)
  [ -n "$found" ] || die "no card or stick was found: put one in, or name it"
  for disk in $found; do show "$disk" >&2; done
  printf 'Which one? ' >&2
  read -r answer || die "no device was chosen"
  [ -t 0 ] || echo >&2
  target=$DEV/${answer#"$DEV"/}
  [ -n "$answer" ] || die "no device was chosen"
fi
name=${target#"$DEV"/}
out=$target
case $target in
  "$DEV"/*)
    [ -e "$target" ] || die "$target is not there"
    # A link like /dev/disk/by-id/... leads to the device.
    name=$(cd "$(dirname "$target")" && link=$(readlink "${target##*/}" || echo "${target##*/}") && echo "${link##*/}")
    out=$DEV/$name
    refused=$(why_not "$name")
    [ -z "$refused" ] || die "$target is not written: $refused"
    room=$(size_of "$name")
    [ "$room" -ge "$size" ] || die "$target is not written: it has $(human "$room") and the image $(human "$size")"
    what=$(show "$name")
    [ $kind = linux ] || out=$DEV/r$name
    ;;
  *)
    [ ! -d "$target" ] || die "$target is a folder"
    [ ! -b "$target" ] || die "name the device by its path below $DEV"
    name=''
    what="the file $target"
    ;;
esac

say "Writes $(human "$size") to: $what"
[ -z "$files" ] || say "With:$files"
if [ -n "$dry" ]; then
  say "Nothing was written (--dry-run)."
  exit 0
fi
if [ -n "$name" ]; then
  [ -w "$DEV/$name" ] || die "$target may not be written by this user: sudo"
  if [ -z "$yes" ]; then
    printf 'Everything on it is lost. Type %s to go on: ' "$name" >&2
    read -r answer || answer=''
    [ -t 0 ] || echo >&2
    [ "$answer" = "$name" ] || die "not confirmed: nothing was written"
  fi
else
  # Like a card: as long as the image, and empty.
  rm -f "$out"
  : >"$out" 2>/dev/null || die "$target cannot be made"
fi

# ---- writing ----

pulled() { die "$target could not be written to its end: the card was pulled or is broken ($(tail -n 1 "$work/log"))"; }
if [ ! -t 2 ]; then
  progress() { cat; }
elif command -v pv >/dev/null 2>&1; then
  progress() { pv -pterb -s "$1"; }
else
  progress() { dd ibs=65536 obs=65536 status=progress; }
fi
write_at() { dd of="$out" ibs=65536 obs=$MIB seek="$1" conv=notrunc 2>"$work/log"; }

say "Writing ..."
head -c $MIB /dev/zero | write_at 0 || pulled
unpack | tail -c +$((MIB + 1)) | progress $((size - MIB)) | write_at 1 || pulled
if [ -n "$files" ]; then dd if="$work/seed.img" of="$out" bs=512 seek=$SEED conv=notrunc 2>"$work/log" || pulled; fi
sync
write_at 0 <"$work/head" || pulled
sync

say "Reading back ..."
if [ -n "$name" ] && [ $kind = linux ]; then blockdev --flushbufs "$out" 2>/dev/null || true; fi
read_back() { if [ -n "$name" ] && [ $kind = linux ]; then dd if="$out" bs=$MIB count=$((size / MIB)) iflag=direct 2>/dev/null || dd if="$out" bs=$MIB count=$((size / MIB)) 2>/dev/null; else dd if="$out" bs=$MIB count=$((size / MIB)) 2>/dev/null; fi; }
if [ -n "$files" ]; then
  octets=$(wc -c <"$work/seed.img" | tr -d ' ')
  dd if="$out" bs=512 skip=$SEED count=$((octets / 512)) 2>/dev/null | cmp -s - "$work/seed.img" || die "$target does not hold what was written: the card is broken, do not use it"
  # The rest is compared with the place of these files empty, as the image has it.
  part() { dd if="$out" bs=$MIB skip="$1" count="$2" 2>/dev/null; }
  got=$({ part 0 3; head -c "$octets" /dev/zero; part 3 1 | tail -c +$((octets + 1)); part 4 $((size / MIB - 4)); } | sha256)
else
  got=$(read_back | sha256)
fi
[ "$got" = "$sum" ] || die "$target does not hold what was written: the card is broken or was pulled, do not use it"
[ -z "$name" ] || [ $kind = linux ] || diskutil eject "$name" >/dev/null 2>&1 || true
say "Done: what was written was read back and is right."
