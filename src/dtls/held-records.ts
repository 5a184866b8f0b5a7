import type { DtlsRecord } from './record.js';

const most = 4;
const mostBytes = 2048;

/** Protected records that have overtaken the messages their keys come from. Few: the rest is lost, as any may be. */
export class HeldRecords {
  private records: DtlsRecord[] = [];
  private bytes = 0;

  /** Keeps a record if there is room. */
  hold(record: DtlsRecord): void {
    if (this.records.length >= most || this.bytes + record.fragment.length > mostBytes) return;
    this.records.push(record);
    this.bytes += record.fragment.length;
  }

  /** Gives back all that is held, in the order of arrival. */
  take(): DtlsRecord[] {
    const { records } = this;
    this.records = [];
    this.bytes = 0;
    return records;
  }
}
