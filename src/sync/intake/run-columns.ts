// The columns of the files that a run reads: reported once, and refused where nothing would come of them. It knows no rows.
import { type Note, type Page, RejectedError } from '../../connector.ts';
import type { Columns } from '../../contract/run.ts';
import { columnReport, columnsFault, missingSentence } from './columns.ts';
import type { Source } from './source.ts';

export class RunColumns {
  readonly #source: Source;
  /** Null until a page has named its columns. */
  report: Columns | null = null;

  constructor(source: Source) {
    this.#source = source;
  }

  /**
   * What became of the columns of this page, where it is the first that names them and has rows; else null. Throws
   * `RejectedError` where the configuration names none of them: then nothing must be taken in.
   */
  of(page: Page): { report: Columns; notes: Note[] } | null {
    const isEmpty = page.records.length + (page.rejected?.length ?? 0) === 0;
    if (this.report !== null || !page.columns || isEmpty) return null;
    const report = columnReport(this.#source, page.columns);
    const fault = columnsFault(this.#source.name, report);
    if (fault !== null) throw new RejectedError(fault, { code: 'no_columns' });
    this.report = report;
    const notes = report.missing.map((one) => ({
      code: 'missing_column',
      message: missingSentence(this.#source.name, one, report),
      count: 1,
    }));
    return { report, notes };
  }
}
