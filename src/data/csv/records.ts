import { clipped } from '../../runtime/clipped.ts';
import { FormatError, shown } from '../../runtime/issues.ts';
import { unlike } from '../../runtime/unlike.ts';
import { PIECE_BYTES } from '../piece.ts';

/** A record: the texts of its fields, and the line where it begins, from 1. */
export interface CsvRecord {
  readonly fields: readonly string[];
  readonly line: number;
}

/** How fields are told apart. */
export interface CsvDialect {
  /** One character, `,` by default. */
  readonly delimiter?: string;
  /** One character, `"` by default; two of them within a quoted field are one. */
  readonly quote?: string;
  /** Of the text, as `TextDecoder` names it; `utf-8` by default. */
  readonly encoding?: string;
}

const [LINE_FEED, RETURN] = [10, 13];

/** Where the reader is within a record. */
type Mode =
  /** At the first character of a field. */
  | 'start'
  /** In a field without quotes. */
  | 'bare'
  | 'quoted'
  /** Behind a quote in a quoted field: its end, or the first of two. */
  | 'closed';

/**
 * Cuts text that comes in pieces into records, by RFC 4180. Lines may end with CRLF, LF or CR; empty ones are left out. A quote
 * within a field without quotes, or text behind a closing one, is refused: who goes on there guesses.
 */
export class RecordReader {
  readonly #at: string;
  readonly #delimiter: number;
  readonly #quote: number;
  readonly #quoteText: string;
  #mode: Mode = 'start';
  #field = '';
  #fields: string[] = [];
  #line = 1;
  /** The line where the record begins, and the one where its last quoted field does. */
  #first = 1;
  #opened = 1;
  /** Whether the last character was a carriage return: a line feed behind it ends no second line. */
  #returned = false;
  /** Whether the record has something besides an empty field. */
  #isEmpty = true;

  /** @param at what errors call the file */
  constructor(at: string, { delimiter = ',', quote = '"' }: CsvDialect) {
    this.#at = at;
    this.#delimiter = delimiter.charCodeAt(0);
    this.#quote = quote.charCodeAt(0);
    this.#quoteText = quote;
  }

  /** The records that a piece of text ends. @throws FormatError `file` with the line */
  push(text: string): CsvRecord[] {
    const records: CsvRecord[] = [];
    /** Where what belongs to the field, and is not in `#field` yet, begins. */
    let from = 0;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      const wasReturned = this.#returned;
      this.#returned = code === RETURN;
      if (code === LINE_FEED && wasReturned) {
        if (this.#mode !== 'quoted') from = i + 1;
        continue;
      }
      if (code === LINE_FEED || code === RETURN) this.#line++;
      if (this.#mode === 'quoted') {
        if (code !== this.#quote) continue;
        this.#field += text.slice(from, i);
        this.#mode = 'closed';
      } else if (code === this.#delimiter || code === LINE_FEED || code === RETURN) {
        if (this.#mode === 'bare') this.#field += text.slice(from, i);
        this.#endField();
        if (code === this.#delimiter) this.#isEmpty = false;
        else this.#endRecord(records);
        from = i + 1;
      } else if (code === this.#quote) {
        if (this.#mode === 'bare') this.#refuse('no quote within a field that does not begin with one');
        if (this.#mode === 'closed') this.#field += this.#quoteText;
        else this.#opened = this.#line;
        this.#mode = 'quoted';
        this.#isEmpty = false;
        from = i + 1;
      } else if (this.#mode === 'start') {
        this.#mode = 'bare';
        this.#isEmpty = false;
        from = i;
      } else if (this.#mode === 'closed') {
        this.#refuse(
          `${shown(this.#quoteText)}, a delimiter or the end of the line behind a closing quote`,
          text[i],
        );
      }
    }
    if (this.#mode === 'bare' || this.#mode === 'quoted') this.#field += text.slice(from);
    return records;
  }

  /** The record that the end of the text ends. @throws FormatError `file` where a quote is open */
  end(): CsvRecord[] {
    const records: CsvRecord[] = [];
    if (this.#mode === 'quoted')
      unlike(`${this.#at}, line ${this.#opened}`, 'a closing quote', 'none before the end of the file');
    this.#endField();
    this.#endRecord(records);
    return records;
  }

  #endField(): void {
    this.#fields.push(this.#field);
    this.#field = '';
    this.#mode = 'start';
  }

  #endRecord(records: CsvRecord[]): void {
    if (!this.#isEmpty) records.push({ fields: this.#fields, line: this.#first });
    this.#fields = [];
    this.#isEmpty = true;
    this.#first = this.#line;
  }

  #refuse(expected: string, found = this.#quoteText): never {
    return unlike(
      `${this.#at}, line ${this.#line}, field ${this.#fields.length + 1}`,
      expected,
      shown(found),
    );
  }
}

/** The records of bytes that come in pieces. @throws FormatError `file` for bytes that are not of the encoding */
export async function* recordsOf(
  pieces: AsyncIterable<Uint8Array>,
  at: string,
  dialect: CsvDialect,
): AsyncGenerator<CsvRecord[]> {
  const reader = new RecordReader(at, dialect);
  const decode = decoder(at, dialect);
  for await (const piece of pieces) yield reader.push(decode(piece));
  yield [...reader.push(decode()), ...reader.end()];
}

/** The records of bytes that are there. @throws FormatError `file` */
export function* recordsIn(bytes: Uint8Array, at: string, dialect: CsvDialect): Generator<CsvRecord> {
  const reader = new RecordReader(at, dialect);
  const decode = decoder(at, dialect);
  for (let start = 0; start < bytes.length; start += PIECE_BYTES)
    yield* reader.push(decode(bytes.subarray(start, start + PIECE_BYTES)));
  yield* reader.push(decode());
  yield* reader.end();
}

/** Decodes pieces one after the other; without one, the end. */
function decoder(at: string, { encoding = 'utf-8' }: CsvDialect): (piece?: Uint8Array) => string {
  const decoder = new TextDecoder(encoding, { fatal: true });
  let read = 0;
  return (piece) => {
    try {
      const text = piece ? decoder.decode(piece, { stream: true }) : decoder.decode();
      read += piece?.length ?? 0;
      return text;
    } catch (cause) {
      const where = `in the bytes from ${read} on`;
      throw new FormatError(
        'file',
        `${at}: expected text in ${clipped(encoding)}, found something else ${where}`,
        {
          cause,
        },
      );
    }
  };
}
