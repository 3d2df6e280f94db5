// What the image is made of: Debian packages, the files taken from them, and the kernel modules a box needs.

/** The series of the kernel in trixie-backports. The Raspberry Pi 5 has its Ethernet behind the RP1 chip, whose driver
 * (MISC_RP1) Debian's 6.12 lacks; the Pi 3, 4 and Zero 2 W and qemu's virt run on the same kernel, so there is one. */
export const KERNEL_SERIES = '7.2';
export const KERNEL_SUITE = 'trixie-backports';
/** Package names without the version and flavour that a refresh of the lock finds. */
export const KERNEL_PACKAGES = ['linux-binary', 'linux-modules', 'linux-base'] as const;
export const KERNEL_FLAVOUR = 'arm64';

/** A package of which `files` (paths or folders below /) go into the root; what their programs link to follows by itself. */
export interface Wanted {
  readonly name: string;
  readonly why: string;
  readonly files: readonly string[];
}

export const ROOT_PACKAGES: readonly Wanted[] = [
  { name: 'busybox-static', why: 'init, shell, DHCP client', files: ['usr/bin/busybox'] },
  { name: 'libc6', why: 'the C library of everything else', files: ['usr/lib/aarch64-linux-gnu/libc.so.6', 'usr/lib/aarch64-linux-gnu/libm.so.6', 'usr/lib/aarch64-linux-gnu/libpthread.so.0', 'usr/lib/aarch64-linux-gnu/libdl.so.2', 'usr/lib/aarch64-linux-gnu/librt.so.1', 'usr/lib/aarch64-linux-gnu/libresolv.so.2', 'usr/lib/aarch64-linux-gnu/libnss_files.so.2', 'usr/lib/aarch64-linux-gnu/libnss_dns.so.2', 'usr/lib/ld-linux-aarch64.so.1', 'usr/lib/aarch64-linux-gnu/ld-linux-aarch64.so.1'] },
  { name: 'nftables', why: 'packet filters and NAT', files: ['usr/sbin/nft'] },
  { name: 'dnsmasq-base', why: 'DHCP server and DNS relay', files: ['usr/sbin/dnsmasq'] },
  { name: 'dropbear-bin', why: 'ssh, keys only', files: ['usr/sbin/dropbear', 'usr/bin/dropbearkey'] },
  { name: 'openntpd', why: 'time', files: ['usr/sbin/ntpd'] },
  { name: 'strongswan-charon', why: 'IPsec', files: ['usr/lib/ipsec/charon'] },
  { name: 'libstrongswan', why: 'IPsec', files: ['usr/lib/ipsec/libstrongswan.so.0', 'usr/lib/ipsec/plugins'] },
  { name: 'strongswan-libcharon', why: 'IPsec', files: ['usr/lib/ipsec/libcharon.so.0', 'usr/lib/ipsec/plugins'] },
  { name: 'libstrongswan-standard-plugins', why: 'IPsec', files: ['usr/lib/ipsec/plugins'] },
  { name: 'strongswan-swanctl', why: 'IPsec', files: ['usr/sbin/swanctl', 'usr/lib/ipsec/plugins/libstrongswan-vici.so'] },
  { name: 'e2fsprogs', why: 'checking and making the flash file system', files: ['usr/sbin/e2fsck', 'usr/sbin/mke2fs'] },
  { name: 'ca-certificates', why: 'HTTPS of updates', files: [] },
];

/** In the initramfs only: starts the kernel of a slot. */
export const KEXEC: Wanted = { name: 'kexec-tools', why: 'the loader starts the kernel of a slot', files: ['usr/sbin/kexec'] };

/** What the Raspberry Pi's own firmware needs beside the kernel; not in qemu's images. */
export const PI_FIRMWARE: Wanted = { name: 'raspi-firmware', why: 'the first stages of the Raspberry Pi', files: [] };

/** Dependencies that are for package management, documentation or programs that are not in the image. */
export const NOT_FOLLOWED: readonly string[] = [
  'adduser', 'debconf', 'debconf-2.0', 'dpkg', 'lsb-base', 'netbase', 'passwd', 'ucf', 'iproute2', 'sysvinit-utils', 'init-system-helpers', 'kmod', 'initramfs-tools', 'dracut',
  'dosfstools', 'strongswan-starter', 'logsave', 'openssl', 'perl', 'perl-base', 'openssl-provider-legacy', 'libgcc-s1', 'gcc-14-base', 'debianutils', 'sensible-utils', 'tar',
];

/** Modules that find the root and the flash partition: they are in the initramfs. */
export const BOOT_MODULES: readonly string[] = [
  'squashfs', 'ext4', 'virtio_mmio', 'virtio_blk', 'sdhci_iproc', 'sdhci_brcmstb', 'bcm2835', 'reset_raspberrypi', 'phy_generic', 'xhci_pci', 'xhci_plat_hcd', 'dwc2', 'usb_storage', 'uas', 'sd_mod',
  // What the SD and USB controllers of the device trees stand on: regulators, pins, the interrupt controller behind the Pi 5's PCIe.
  'fixed', 'gpio_regulator', 'gpio_brcmstb', 'irq_bcm2712_mip', 'pinctrl_brcmstb_bcm2712', 'pcie_brcmstb', 'dwc3', 'onboard_usb_dev', 'rp1_pci', 'clk_rp1', 'pinctrl_rp1',
  'bcm2835_wdt', 'i6300esb',
];

/** Modules of the running box: loaded for the devices found, or on demand. */
export const ROOT_MODULES: readonly string[] = [
  ...BOOT_MODULES,
  // Ethernet: Pi 4, Pi 5 (behind RP1), Pi 3B, Pi 3B+, USB adapters, qemu.
  'genet', 'macb', 'smsc95xx', 'lan78xx', 'asix', 'ax88179_178a', 'r8152', 'cdc_ether', 'cdc_ncm', 'rndis_host', 'virtio_net', 'broadcom', 'bcm7xxx', 'microchip', 'smsc', 'realtek', 'mdio_bcm_unimac',
  // Serial adapters: modems and terminal adapters on asyn1 and bri0.
  'ftdi_sio', 'pl2303', 'cp210x', 'ch341', 'cdc_acm',
  // The board: watchdog, temperature, clock speed (the first of the two only makes the device of the second, which the firmware's
  // low clock of the start waits for), random numbers, LEDs.
  'bcm2835_thermal', 'bcm2711_thermal', 'raspberrypi_cpufreq', 'cpufreq_dt', 'bcm2835_rng', 'iproc_rng200', 'virtio_rng', 'leds_gpio', 'ledtrig_netdev', 'ledtrig_timer', 'gpio_raspberrypi_exp', 'i2c_brcmstb',
  // The router: tunnels, PPP, filters, NAT, IPsec, VLANs, bridges, queueing.
  'tun', 'l2tp_ppp', 'l2tp_eth', 'l2tp_ip', 'pppoe', 'ppp_async', 'ppp_mppe', 'ppp_deflate',
  'nf_tables', 'nft_ct', 'nft_nat', 'nft_masq', 'nft_redir', 'nft_chain_nat', 'nft_reject_inet', 'nft_limit', 'nft_log', 'nft_hash', 'nft_fib_inet', 'nft_fib_ipv4', 'nft_fib_ipv6', 'nft_flow_offload', 'nft_socket', 'nft_tproxy', 'nf_flow_table_inet', 'nf_conntrack_ftp', 'nf_nat_ftp', 'nf_conntrack_pptp', 'nf_log_syslog', 'nfnetlink_log',
  'esp4', 'esp6', 'ah4', 'xfrm_user', 'xfrm_interface', 'af_key', 'authenc', 'echainiv', 'seqiv', 'des_generic', 'aes_neon_bs', 'aes_ce_blk', 'md5', 'sha1', 'sha256', 'sha512', 'cbc', 'ctr', 'gcm', 'ccm', 'cmac', 'hmac',
  '8021q', 'bridge', 'veth', 'dummy', 'macvlan', 'cls_bpf', 'cls_u32', 'cls_flower', 'act_bpf', 'act_mirred', 'sch_ingress', 'sch_htb', 'sch_fq_codel', 'sch_netem', 'ip_gre', 'udp_tunnel', 'ip6_tables',
];
