/* The yardstick of plane.ts: L2TPv2 data messages of one session the way a simple daemon carries them, one system call per packet.
   l2tploop DEVICE LOCAL PEER TUNNEL SESSION PEER-TUNNEL PEER-SESSION; prints READY. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEADER = 12, BATCH = 64, SIZE = 2048 };

static unsigned tunnel, session;

static unsigned get16(const uint8_t *p) { return p[0] << 8 | p[1]; }
static void put16(uint8_t *p, unsigned v) { p[0] = v >> 8; p[1] = v; }

/* Where the IPv4 packet of a data message begins, -1 where there is none (RFC 2661 3.1, RFC 1661 6.5 and 6.6). */
static int packet_of(const uint8_t *m, int length) {
  const uint8_t *p = m + 2, *end = m + length;
  if (length < 8 || m[0] & 0x80 || (m[1] & 15) != 2) return -1;
  if (m[0] & 0x40) p += 2;
  if (get16(p) != tunnel || get16(p + 2) != session) return -1;
  p += 4;
  if (m[0] & 0x08) p += 4;
  if (m[0] & 0x02) p += 2 + get16(p);
  if (p + 4 > end) return -1;
  if (p[0] == 0xff && p[1] == 3) p += 2;
  if (p[0] == 0x21) p += 1;
  else if (p[0] == 0 && p[1] == 0x21) p += 2;
  else return -1;
  return p + 20 <= end ? p - m : -1;
}

static int udp_socket(const char *local, const char *peer) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), big = 4 << 20;
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(1701)};
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &big, sizeof big);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &big, sizeof big);
  inet_aton(local, &a.sin_addr);
  if (bind(fd, (void *)&a, sizeof a)) { perror("bind"); exit(1); }
  inet_aton(peer, &a.sin_addr);
  if (connect(fd, (void *)&a, sizeof a)) { perror("connect"); exit(1); }
  return fd;
}

static int tun_device(const char *name) {
  int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
  struct ifreq r = {0};
  strncpy(r.ifr_name, name, IFNAMSIZ - 1);
  r.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (fd < 0 || ioctl(fd, TUNSETIFF, &r)) { perror("tun"); exit(1); }
  return fd;
}

int main(int count, char **word) {
  static uint8_t out[SIZE], in[SIZE];
  if (count < 8) return 2;
  int tun = tun_device(word[1]), udp = udp_socket(word[2], word[3]), poller = epoll_create1(0), n, at;
  tunnel = atoi(word[4]);
  session = atoi(word[5]);
  put16(out, 0x4002);
  put16(out + 4, atoi(word[6]));
  put16(out + 6, atoi(word[7]));
  put16(out + 8, 0xff03);
  put16(out + 10, 0x0021);
  struct epoll_event e = {.events = EPOLLIN, .data.fd = tun}, ready[2];
  epoll_ctl(poller, EPOLL_CTL_ADD, tun, &e);
  e.data.fd = udp;
  epoll_ctl(poller, EPOLL_CTL_ADD, udp, &e);
  puts("READY");
  fflush(stdout);
  for (;;) {
    int k = epoll_wait(poller, ready, 2, -1);
    for (int i = 0; i < k; i++) {
      for (int b = 0; b < BATCH; b++) {
        if (ready[i].data.fd == tun) {
          if ((n = read(tun, out + HEADER, SIZE - HEADER)) <= 0) break;
          if (out[HEADER] >> 4 != 4) continue;
          put16(out + 2, n + HEADER);
          if (send(udp, out, n + HEADER, MSG_DONTWAIT) < 0) continue;
        } else {
          if ((n = recv(udp, in, SIZE, MSG_DONTWAIT)) < 0) break;
          if ((at = packet_of(in, n)) >= 0 && write(tun, in + at, n - at) < 0) continue;
        }
      }
    }
  }
}
