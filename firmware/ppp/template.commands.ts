// PPP template commands (AlliedWare PPP chapter): CREATE, SET, DESTROY, SHOW PPP TEMPLATE, and debugging of what is made from one.

import { type Command, type ConfigSection, command, form } from '../cli/command.ts';
import { messages } from '../cli/messages.ts';
import { writeLine } from '../cli/write.ts';
import { CREATE_TEMPLATE, type PppTemplates, SET_TEMPLATE, type Template, TEMPLATE_DEFAULTS } from './templates.ts';
import { showTemplate, showTemplates } from './template.show.ts';
import { type DebugKind, kindsOf } from './trace.ts';

const DESTROY_TEMPLATE = form({
  syntax: 'DESTROY PPP TEMPLATE=0..31',
  level: 'manager',
  example: 'DESTROY PPP TEMPLATE=0',
  help: 'Deletes a template. Refused while interfaces that were made from it are up.',
});
const SHOW_TEMPLATE = form({ syntax: 'SHOW PPP TEMPLATE[=0..31]', level: 'manager', example: 'SHOW PPP TEMPLATE=0', help: 'Shows templates; of one all its parameters. Passwords are not shown.' });
const KINDS = '{ALL|AUTH|DEMAND|LCP|NCP|PKT|UTILISATION}[,...]';
const ENABLE_DEBUG = form({
  syntax: `ENABLE PPP TEMPLATE=0..31 DEBUG=${KINDS} [ASYN=0..255] [TIMEOUT={NONE|1..4000000000}] [NUMPKTS={CONT|1..4000000000}]`,
  level: 'manager',
  defaults: { timeout: 'NONE', numpkts: 'CONT' },
  example: 'ENABLE PPP TEMPLATE=0 DEBUG=LCP,NCP TIMEOUT=60',
  help: 'Shows on this session what interfaces made from a template negotiate, those that come later too. TIMEOUT is seconds; NUMPKTS ends PKT after so many frames of an interface.',
});
const DISABLE_DEBUG = form({
  syntax: `DISABLE PPP TEMPLATE=0..31 DEBUG=${KINDS}`,
  level: 'manager',
  example: 'DISABLE PPP TEMPLATE=0 DEBUG=ALL',
  help: 'Ends what ENABLE PPP TEMPLATE DEBUG began, on all sessions.',
});

/** Who looks at the interfaces of a template. */
export interface TemplateWatch {
  readonly kinds: readonly DebugKind[];
  readonly print: (text: string) => void;
  readonly until: number;
  readonly packets: number;
}

/** What the commands need besides the templates. */
export interface TemplateOwner {
  readonly templates: PppTemplates;
  watch(template: number, watch: TemplateWatch): void;
  unwatch(template: number, kinds: readonly DebugKind[]): void;
  /** The interfaces that were made from a template. */
  users(template: number): readonly string[];
  /** Those of them that keep values which the template has no more. */
  former(template: number): readonly string[];
}

export function templateCommands(owner: TemplateOwner): Command[] {
  const { templates } = owner;
  const missing = ({ template }: { readonly template: number }) => (templates.get(template) === undefined ? messages.ppp.templateNotFound(template) : undefined);
  return [
    command(CREATE_TEMPLATE, { verify: (a) => templates.mayCreate(a), apply: (a) => templates.create(a) }),
    command(SET_TEMPLATE, { verify: (a) => templates.maySet(a), apply: (a) => templates.set(a) }),
    command(DESTROY_TEMPLATE, {
      verify: ({ template }) => templates.mayDestroy(template),
      apply: ({ template }) => {
        templates.destroy(template);
        return messages.ppp.done();
      },
    }),
    command(SHOW_TEMPLATE, {
      verify: ({ template }) => (template === true ? undefined : missing({ template })),
      apply: ({ template }) => {
        if (template === true) return templates.list().length === 0 ? messages.ppp.noTemplates() : { text: showTemplates(templates.list(), (number) => owner.users(number)) };
        const one = templates.get(template);
        return one === undefined ? messages.ppp.templateNotFound(template) : { text: showTemplate(one, { users: owner.users(template), former: owner.former(template) }) };
      },
    }),
    command(ENABLE_DEBUG, {
      verify: missing,
      apply: (a, context) => {
        const until = a.timeout === 'NONE' ? Number.POSITIVE_INFINITY : context.now + a.timeout.value * 1000;
        const packets = a.numpkts === 'CONT' ? Number.POSITIVE_INFINITY : a.numpkts.value;
        owner.watch(a.template, { kinds: kindsOf(a.debug), print: context.print, until, packets });
        return messages.ppp.done();
      },
    }),
    command(DISABLE_DEBUG, {
      verify: missing,
      apply: (a) => {
        owner.unwatch(a.template, kindsOf(a.debug));
        return messages.ppp.done();
      },
    }),
  ];
}

/** AlliedWare's command line takes 121 characters: longer commands are written as a CREATE and SETs. */
const LINE = 121;

/** The commands that make the same templates again. */
export const templateConfig = (templates: PppTemplates): ConfigSection['lines'] => templates.list().flatMap(linesOf);

function linesOf({ number, parameters }: Template): string[] {
  const head = writeLine(CREATE_TEMPLATE.read, {}, { template: number });
  const given = new Map(Object.entries(parameters));
  // Each parameter written alone, so that lines can be broken between any two.
  const parts = SET_TEMPLATE.read.params.flatMap(({ key }) => {
    if (key === 'template') return [];
    const text = writeLine(CREATE_TEMPLATE.read, { ...TEMPLATE_DEFAULTS }, { template: number, [key]: given.get(key) }).slice(head.length).trim();
    return text === '' ? [] : [text];
  });
  const lines = [head];
  for (const part of parts) {
    const last = lines.at(-1) ?? head;
    if (last.length + 1 + part.length <= LINE) lines[lines.length - 1] = `${last} ${part}`;
    else lines.push(`set ppp template=${number} ${part}`);
  }
  return lines;
}
