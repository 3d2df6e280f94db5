/* Sends equal UDP datagrams as fast as one thread can: flood ADDRESS PORT OCTETS SECONDS */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

int main(int count, char **word) {
  static uint8_t data[1500];
  static struct mmsghdr batch[64];
  if (count < 5) return 2;
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(word[2]))};
  struct iovec piece = {data, atoi(word[3])};
  int fd = socket(AF_INET, SOCK_DGRAM, 0), big = 8 << 20;
  inet_aton(word[1], &to.sin_addr);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &big, sizeof big);
  if (connect(fd, (void *)&to, sizeof to)) return 1;
  for (int i = 0; i < 64; i++) batch[i].msg_hdr.msg_iov = &piece, batch[i].msg_hdr.msg_iovlen = 1;
  for (double end = now() + atof(word[4]); now() < end;) sendmmsg(fd, batch, 64, 0);
}
