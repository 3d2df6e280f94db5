#!/bin/sh
# Answers one HTTP request on standard input and output with a file below $1: what qemu runs for each connection of the guest.
read -r _ path _
while IFS= read -r line && [ "$(printf %s "$line" | tr -d '\r')" != '' ]; do :; done
file=$1$path
if [ -f "$file" ]; then
  printf 'HTTP/1.1 200 OK\r\nContent-Length: %s\r\nConnection: close\r\n\r\n' "$(wc -c <"$file")"
  exec cat "$file"
fi
printf 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'
