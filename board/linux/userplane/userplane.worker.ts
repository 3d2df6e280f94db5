// The thread of the user plane: given a Start message by plane.ts, blocked in epoll_wait until it is told to stop.

import { Engine } from './engine.ts';
import type { Start } from './layout.ts';

declare const self: Worker;

self.addEventListener('message', ({ data }: MessageEvent<Start>) => new Engine(data, () => self.postMessage(0)).run());
