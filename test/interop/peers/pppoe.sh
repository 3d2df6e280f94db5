#!/bin/bash
# PPPoE with a kernel of its own, in a peer machine (machine.sh) that runs already, on its eth0.
#   pppoe.sh client NAME [option...]     pppd on the kernel's PPPoE; dials at once and again when the line is lost
#   pppoe.sh server NAME [option...]     rp-pppoe's pppoe-server; gives out 10.67.1.1.., itself 10.67.0.1
#   pppoe.sh wait NAME [SECONDS]         until ppp0 has an IPv4 address (20 s); prints it, fails without
#   pppoe.sh down NAME [SECONDS]         until there is no ppp0 (20 s)
#   pppoe.sh hangup|dial|kill|log NAME   kill: pppd dies without a word
# Options: --user U --password P   --auth pap|chap|mschapv2|none (chap): what the server demands, what the client agrees to
#          --service S   --ac A (the server's name, or the only one the client takes)   --ppp 'LINE' more for pppd
# Packages: ppp, and pppoe for server
. "$(dirname "$0")/common.sh"
[ $# -ge 2 ] || usage
role=$1 name=$2
shift 2
MACHINE=$PEERS/machine.sh
case $role in
wait) exec "$MACHINE" exec "$name" -t $((${1:-20} + 5)) "end=\$((SECONDS + ${1:-20})); while [ \$SECONDS -lt \$end ]; do a=\$(ip -o -4 addr show dev ppp0 2>/dev/null | sed 's/.* inet //;s/ scope.*//'); [ -n \"\$a\" ] && break; sleep 0.1; done; echo \"\${a:-none}\"; [ -n \"\$a\" ]" ;;
down) exec "$MACHINE" exec "$name" -t $((${1:-20} + 5)) "end=\$((SECONDS + ${1:-20})); while [ \$SECONDS -lt \$end ]; do ip link show ppp0 >/dev/null 2>&1 || exit 0; sleep 0.1; done; exit 1" ;;
hangup) exec "$MACHINE" exec "$name" 'killall -q pppd; for i in $(seq 50); do pgrep -x pppd >/dev/null || exit 0; sleep 0.1; done; exit 1' ;;
dial) exec "$MACHINE" exec "$name" 'pppd call peer' ;;
kill) exec "$MACHINE" exec "$name" 'killall -q -KILL pppd pppoe; true' ;;
log) exec "$MACHINE" exec "$name" 'cat /tmp/pppd.log /tmp/server.log 2>/dev/null; true' ;;
client | server) ;;
*) usage ;;
esac
user=user password=secret auth=chap service='' ac='' more=''
while [ $# -gt 0 ]; do
  case $1 in
  --user) user=$2 ;;
  --password) password=$2 ;;
  --auth) auth=$2 ;;
  --service) service=$2 ;;
  --ac) ac=$2 ;;
  --ppp) more+=$2$'\n' ;;
  *) die "no such option: $1" ;;
  esac
  shift 2
done
case $auth in
pap) agree='refuse-chap refuse-mschap refuse-mschap-v2 refuse-eap' demand=require-pap ;;
chap) agree='refuse-pap refuse-mschap refuse-mschap-v2 refuse-eap' demand=require-chap ;;
mschapv2) agree='refuse-pap refuse-chap refuse-mschap refuse-eap' demand=require-mschap-v2 ;;
none) agree='' demand='' ;;
*) die "no such --auth: $auth" ;;
esac
options="mtu 1492
mru 1492
lcp-echo-interval 5
lcp-echo-failure 3
lcp-restart 1
debug
logfile /tmp/pppd.log
nodefaultroute
$more"
if [ "$role" = server ]; then
  need pppoe-server pppoe
  options+="name peer-ac
ms-dns 192.0.2.53
$([ -z "$demand" ] && echo noauth || printf 'auth\n%s' $demand)"
  start="setsid pppoe-server -F -I eth0 -L 10.67.0.1 -R 10.67.1.1 -O /etc/ppp/options.peer -C $(quoted "${ac:-peer}")${service:+ -S $(quoted "$service")} >/tmp/server.log 2>&1 &
sleep 0.3; pgrep -x pppoe-server >/dev/null || { cat /tmp/server.log; exit 1; }"
else
  options="plugin rp-pppoe.so
${service:+rp_pppoe_service $service
}${ac:+rp_pppoe_ac $ac
}eth0
noauth
name $user
password $password
noipdefault
usepeerdns
persist
maxfail 0
holdoff 1
$(printf '%s\n' $agree)
$options"
  start='pppd call peer'
fi
"$MACHINE" exec "$name" -t 60 <<X || die "$name: $role did not start"
killall -q pppoe-server pppd
for i in \$(seq 50); do pgrep -x pppd >/dev/null || break; sleep 0.1; done
rm -f /tmp/pppd.log /tmp/server.log
mkdir -p /etc/ppp/peers
modprobe -a ppp_generic ppp_async pppoe 2>/dev/null
sysctl -qw net.ipv4.ip_forward=1
: > /etc/ppp/options
cat > /etc/ppp/options.peer <<'Y'
$options
Y
cp /etc/ppp/options.peer /etc/ppp/peers/peer
printf '"%s" * "%s" *\n' $(quoted "$user") $(quoted "$password") | tee /etc/ppp/pap-secrets > /etc/ppp/chap-secrets
chmod 600 /etc/ppp/*-secrets
$start
X
