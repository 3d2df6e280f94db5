// Any Linux machine: no ports but those the command line gives, nothing done to the network at a first start.

import type { BoardTable } from '../linux/table.ts';

export const HOST: BoardTable = {
  id: 'host',
  name: 'hashi host',
  ports: {},
  consoles: ['stdio'],
  consoleSpeed: 9600,
  flash: '',
  factoryScript: '',
};
