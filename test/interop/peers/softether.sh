#!/bin/bash
# SoftEther's VPN server in a namespace: LNS for plain L2TP, without tunnel secret; PAP and MS-CHAPv2, no CHAP.
#   softether.sh start NETNS USER PASSWORD    callers get 10.65.0.10 and up; 10.65.0.1 is the namespace behind its virtual hub
#   softether.sh stop NETNS | log NETNS
# It binds UDP 500, 1701 and 4500 on every address of the namespace.
# Packages: softether-vpnserver softether-vpncmd
. "$(dirname "$0")/common.sh"
[ $# -ge 2 ] || usage
command=$1 netns=$2
D=$RUN/softether-$netns
case $command in
start)
  [ $# -eq 4 ] || usage
  need vpncmd softether-vpncmd
  server=/usr/libexec/softether/vpnserver/vpnserver
  [ -x $server ] || die "missing $server (Debian package softether-vpnserver)"
  mkdir -p "$D/lib" "$D/log" "$D/run"
  # An empty configuration that never talks to the outside.
  cat >"$D/lib/vpn_server.config" <<X
declare root
{
	declare DDnsClient
	{
		bool Disabled true
	}
	declare ListenerList
	{
		declare Listener0
		{
			bool DisableDos true
			bool Enabled true
			uint Port 5555
		}
	}
	declare ServerConfiguration
	{
		bool DisableNatTraversal true
		bool DisableDosProction true
		bool DisableGetHostNameWhenAcceptTcp true
		bool NoSendSignature true
	}
}
X
  spawn "softether-$netns" ip netns exec "$netns" unshare -m sh -c \
    "mkdir -p /var/lib/softether /var/log/softether /run/softether && mount --bind $D/lib /var/lib/softether && mount --bind $D/log /var/log/softether && mount --bind $D/run /run/softether && exec $server execsvc"
  for _ in $(seq 300); do ip netns exec "$netns" ss -Hltn 'sport = :5555' | grep -q . && break; sleep 0.1; done
  cat >"$D/setup.txt" <<X
HubCreate lns /PASSWORD:none
Hub lns
UserCreate $3 /GROUP:none /REALNAME:none /NOTE:none
UserPasswordSet $3 /PASSWORD:$4
DhcpSet /START:10.65.0.10 /END:10.65.255.250 /MASK:255.255.0.0 /EXPIRE:7200 /GW:10.65.0.1 /DNS:10.65.0.1 /DNS2:none /DOMAIN:none /LOG:no
SecureNatHostSet /MAC:none /IP:10.65.0.2 /MASK:255.255.0.0
SecureNatEnable
NatDisable
DhcpEnable
LogDisable packet
LogDisable security
BridgeCreate lns /DEVICE:lns /TAP:yes
IPsecEnable /L2TP:yes /L2TPRAW:yes /ETHERIP:no /PSK:unused /DEFAULTHUB:lns
X
  ip netns exec "$netns" timeout 30 vpncmd 127.0.0.1:5555 /SERVER /IN:"$D/setup.txt" >"$D/setup.log" 2>&1 || { tail -20 "$D/setup.log" >&2; die "SoftEther was not set up"; }
  for _ in $(seq 50); do ip -n "$netns" link show tap_lns >/dev/null 2>&1 && break; sleep 0.1; done
  ip -n "$netns" addr add 10.65.0.1/16 dev tap_lns
  ip -n "$netns" link set tap_lns up
  for _ in $(seq 100); do ip netns exec "$netns" ss -Hlun 'sport = :1701' | grep -q . && exit 0; sleep 0.1; done
  die "SoftEther does not listen on UDP 1701" ;;
log) cat "$RUN/softether-$netns.log" "$D"/log/*/* 2>/dev/null || true ;;
stop) reap "softether-$netns" ;;
*) usage ;;
esac
