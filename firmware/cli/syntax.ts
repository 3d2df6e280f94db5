// Reads a syntax line as the AR740 command reference prints it, at run time. infer.ts does the same for the type checker.
//
// Tokens are separated by blanks or line ends and hold none inside, except that an optional parameter may have others nested:
//   ADD L2TP                  leading bare words: the command
//   CALL=call-name            required parameter; the first one after the words is the command's object and stands right there
//   TUNNEL[=tunnel-id]        required word, its value may be left out
//   CONFIG                    required bare word after the object
//   [X=value]  [X[=value]]  [FLAG]            optional
//   [IP=ipadd [PORT=port]]    PORT only together with IP
//   {A=x|B[=y]|C}  [{A=x|B}]  exactly one, at most one of these
//   [X=]value  [[X=]value]    positional: the value alone, or with its keyword
// Values: `type` or `type(1..24)` of values.ts, `8..300`, `KEYWORD`, `{KEYWORD|type|8..300}`, `type[-type]`, each may be followed by `[,...]` (a list).

import { valueType, whole, type ValueType } from './values.ts';

/** A free value: what is neither keyword nor parameter. */
export interface Free {
  /** As the syntax line names it: 'ipadd', '8..300'. */
  readonly name: string;
  readonly type: ValueType<unknown>;
}

/** One parameter of a command. */
export interface Param {
  /** In capitals, as messages name it. */
  readonly name: string;
  /** In lower case, as handlers know it. */
  readonly key: string;
  readonly value: 'none' | 'optional' | 'required';
  readonly keywords: readonly string[];
  readonly free: readonly Free[];
  readonly list: boolean;
  readonly positional: boolean;
  readonly required: boolean;
  /** Only together with this parameter. */
  readonly within: string | undefined;
  /** Index into Syntax.choices of the group it belongs to. */
  readonly choice: number | undefined;
}

/** Parameters of which one at most, or exactly one, may be given. */
export interface ParamChoice {
  readonly required: boolean;
  readonly keys: readonly string[];
}

/** A syntax line as read. */
export interface Syntax {
  /** The leading words in capitals. */
  readonly words: readonly string[];
  /** The parameter that must stand right after the words. */
  readonly object: Param | undefined;
  /** All, the object included, in the order of the line. */
  readonly params: readonly Param[];
  readonly choices: readonly ParamChoice[];
}

type Where = Pick<Param, 'required' | 'within' | 'choice'>;

/** Reads a syntax line. Throws on a malformed one: an error of the programmer. */
export function readSyntax(line: string): Syntax {
  return new Reader(line).read();
}

class Reader {
  readonly #line: string;
  #at = 0;
  readonly #words: string[] = [];
  readonly #params: Param[] = [];
  readonly #choices: ParamChoice[] = [];

  constructor(line: string) {
    this.#line = line.replace(/\s+/g, ' ').trim();
  }

  read(): Syntax {
    let object: Param | undefined;
    let started = false;
    for (; this.#at < this.#line.length; this.#skip(' ')) {
      const bare = /^[A-Z0-9_-]+(?= |$)/.exec(this.#rest());
      if (!started && bare !== null) {
        this.#words.push(bare[0]);
        this.#at += bare[0].length;
        continue;
      }
      const first = this.#params.length;
      this.#item(undefined);
      const param = this.#params[first];
      if (!started && param !== undefined && param.required && param.choice === undefined && !param.positional) object = param;
      started = true;
    }
    if (this.#words.length === 0 && object === undefined) return this.#fail('no command word');
    const keys = new Set(this.#params.map((param) => param.key));
    if (keys.size !== this.#params.length) return this.#fail('a parameter stands twice');
    return { words: this.#words, object, params: this.#params, choices: this.#choices };
  }

  #item(within: string | undefined): void {
    if (/^\[[A-Z0-9_]+=\]/.test(this.#rest())) return this.#positional({ required: within === undefined, within, choice: undefined });
    if (this.#skip('[')) {
      if (/^\[[A-Z0-9_]+=\]/.test(this.#rest())) this.#positional({ required: false, within, choice: undefined });
      else if (this.#skip('{')) this.#group(false);
      else this.#optional(within);
      return this.#expect(']');
    }
    if (this.#skip('{')) return this.#group(true);
    this.#plain({ required: true, within, choice: undefined });
  }

  #optional(within: string | undefined): void {
    const name = this.#plain({ required: false, within, choice: undefined });
    while (this.#skip(' ')) {
      if (!this.#rest().startsWith('[')) return this.#fail('inside [ ] only further optional parameters may follow');
      this.#item(name.key);
    }
  }

  #group(required: boolean): void {
    const choice = this.#choices.length;
    const first = this.#params.length;
    this.#choices.push({ required, keys: [] });
    do this.#plain({ required: false, within: undefined, choice });
    while (this.#skip('|'));
    this.#expect('}');
    this.#choices[choice] = { required, keys: this.#params.slice(first).map((param) => param.key) };
  }

  #positional(where: Where): void {
    this.#expect('[');
    const name = this.#match(/^[A-Z0-9_]+/);
    this.#expect('=');
    this.#expect(']');
    this.#params.push({ name, key: name.toLowerCase(), value: 'required', ...this.#value(), positional: true, ...where });
  }

  #plain(where: Where): Param {
    const name = this.#match(/^[A-Z0-9_-]+/);
    const named = { name, key: name.toLowerCase(), positional: false, ...where };
    let param: Param;
    if (this.#rest().startsWith('[=')) {
      this.#at += 2;
      param = { ...named, value: 'optional', ...this.#value() };
      this.#expect(']');
    } else if (this.#skip('=')) param = { ...named, value: 'required', ...this.#value() };
    else param = { ...named, value: 'none', keywords: [], free: [], list: false };
    this.#params.push(param);
    return param;
  }

  #value(): Pick<Param, 'keywords' | 'free' | 'list'> {
    const keywords: string[] = [];
    const free: Free[] = [];
    const member = (): void => {
      const written = this.#match(/^(?:\d+\.\.\d+|[A-Za-z0-9_-]+(?:\(\d+\.\.\d+\))?(?:\[-[a-z]+\])?)/);
      const bounds = /^(\d+)\.\.(\d+)$/.exec(written);
      if (bounds !== null) free.push({ name: written, type: whole(Number(bounds[1]), Number(bounds[2])) });
      else if (written === written.toUpperCase()) keywords.push(written);
      else {
        const type = valueType(written);
        if (type === undefined) return this.#fail(`unknown value type ${written}`);
        free.push({ name: written, type });
      }
    };
    if (this.#skip('{')) {
      do member();
      while (this.#skip('|'));
      this.#expect('}');
    } else member();
    const list = this.#rest().startsWith('[,...]');
    if (list) this.#at += 6;
    return { keywords, free, list };
  }

  #rest(): string {
    return this.#line.slice(this.#at);
  }

  #skip(character: string): boolean {
    if (this.#line[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #expect(character: string): void {
    if (!this.#skip(character)) this.#fail(`${character} expected`);
  }

  #match(pattern: RegExp): string {
    const found = pattern.exec(this.#rest())?.[0];
    if (found === undefined) return this.#fail('a name expected');
    this.#at += found.length;
    return found;
  }

  #fail(why: string): never {
    throw new Error(`syntax line "${this.#line}" at ${this.#at}: ${why}`);
  }
}
