#!/bin/bash
# xl2tpd and pppd in a peer machine (machine.sh) that runs already.
#   xl2tpd.sh lns NAME ADDRESS [option...]            answers calls; gives out 10.67.1.1-10.67.1.200, itself 10.67.0.1
#   xl2tpd.sh lac NAME ADDRESS LNS [option...]        dials LNS at once
#   xl2tpd.sh wait NAME [SECONDS]                     until ppp0 has an IPv4 address (20 s); prints it, fails without
#   xl2tpd.sh dial|hangup|log NAME
# Options: --secret S (the tunnel's; also demanded of the other side)   --user U --password P
#          --auth pap|chap|mschapv2|none (chap): what the LNS demands, what the LAC agrees to    --seq  numbers in data messages
#          --route NET/LENGTH into ppp0    --ppp 'LINE' more for pppd
# Packages: xl2tpd ppp
. "$(dirname "$0")/common.sh"
[ $# -ge 2 ] || usage
role=$1 name=$2
shift 2
MACHINE=$PEERS/machine.sh
case $role in
wait) exec "$MACHINE" exec "$name" -t $((${1:-20} + 5)) "while [ \$SECONDS -lt ${1:-20} ]; do a=\$(ip -o -4 addr show dev ppp0 2>/dev/null | sed 's/.* inet //;s/ scope.*//'); [ -n \"\$a\" ] && break; sleep 0.1; done; echo \"\${a:-none}\"; [ -n \"\$a\" ]" ;;
dial) exec "$MACHINE" exec "$name" 'echo "c peer" > /run/xl2tpd/l2tp-control' ;;
hangup) exec "$MACHINE" exec "$name" 'echo "d peer" > /run/xl2tpd/l2tp-control; for i in $(seq 50); do ip link show ppp0 >/dev/null 2>&1 || exit 0; sleep 0.1; done; exit 1' ;;
log) exec "$MACHINE" exec "$name" 'cat /tmp/xl2tpd.log /tmp/pppd.log 2>/dev/null; true' ;;
lns) address=$1 peer=; shift ;;
lac) address=$1 peer=$2; shift 2 ;;
*) usage ;;
esac
secret='' user=user password=secret auth=chap sequence='' routes='' more=''
while [ $# -gt 0 ]; do
  case $1 in
  --secret) secret=$2; shift ;;
  --user) user=$2; shift ;;
  --password) password=$2; shift ;;
  --auth) auth=$2; shift ;;
  --seq) sequence=$'pppol2tp_send_seq\npppol2tp_recv_seq' ;;
  --route) routes="$routes $2"; shift ;;
  --ppp) more+=$2$'\n'; shift ;;
  *) die "no such option: $1" ;;
  esac
  shift
done
case $auth in
pap) agree='refuse-chap refuse-mschap refuse-mschap-v2 refuse-eap' demand=require-pap ;;
chap) agree='refuse-pap refuse-mschap refuse-mschap-v2 refuse-eap' demand=require-chap ;;
mschapv2) agree='refuse-pap refuse-chap refuse-mschap refuse-eap' demand=require-mschap-v2 ;;
none) agree='' demand=noauth ;;
*) die "no such --auth: $auth" ;;
esac
options="mtu 1400
mru 1400
lcp-echo-interval 10
lcp-echo-failure 3
lcp-restart 1
debug
logfile /tmp/pppd.log
nodefaultroute
$sequence
$more"
if [ "$role" = lns ]; then
  options+="name peer-lns
ms-dns 192.0.2.53
$([ $auth = none ] && echo noauth || printf 'auth\n%s' $demand)"
  section="[lns default]
ip range = 10.67.1.1-10.67.1.200
local ip = 10.67.0.1
name = peer-lns
require authentication = $([ $auth = none ] && echo no || echo yes)"
else
  options+="noauth
name $user
password $password
$(printf '%s\n' $agree)"
  section="[lac peer]
lns = $peer
name = $user
autodial = yes
redial = no"
fi
"$MACHINE" exec "$name" -t 60 <<X || die "$name: $role did not start"
for p in xl2tpd pppd; do killall -q \$p; done
for i in \$(seq 30); do pgrep -x pppd >/dev/null || pgrep -x xl2tpd >/dev/null || break; sleep 0.1; done
rm -f /tmp/xl2tpd.log /tmp/pppd.log /run/xl2tpd/*
mkdir -p /etc/xl2tpd /etc/ppp/ip-up.d
modprobe -a ppp_generic ppp_async l2tp_ppp 2>/dev/null
sysctl -qw net.ipv4.ip_forward=1
: > /etc/ppp/options
cat > /etc/ppp/options.peer <<'Y'
$options
Y
cat > /etc/xl2tpd/xl2tpd.conf <<'Y'
[global]
port = 1701
listen-addr = $address
auth file = /etc/xl2tpd/l2tp-secrets
debug tunnel = yes
debug state = yes
debug avp = yes
$section
pppoptfile = /etc/ppp/options.peer
challenge = $([ -n "$secret" ] && echo yes || echo no)
Y
printf '* * %s\n' $(quoted "$secret") > /etc/xl2tpd/l2tp-secrets
printf '"%s" * "%s" *\n' $(quoted "$user") $(quoted "$password") | tee /etc/ppp/pap-secrets > /etc/ppp/chap-secrets
chmod 600 /etc/ppp/*-secrets /etc/xl2tpd/l2tp-secrets
printf '#!/bin/sh\nfor r in %s; do ip route replace \$r dev \$1; done\n' '$routes' > /etc/ppp/ip-up.d/zz-routes
chmod +x /etc/ppp/ip-up.d/zz-routes
setsid xl2tpd -D > /tmp/xl2tpd.log 2>&1 &
for i in \$(seq 50); do ss -Hlun sport = :1701 | grep -q . && exit 0; sleep 0.05; done
cat /tmp/xl2tpd.log
exit 1
X
