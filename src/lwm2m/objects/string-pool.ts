/**
 * A function that gives equal strings back as one. What it gives is a copy: a piece cut from a file's text keeps the
 * whole text in memory as long as it lives.
 */
export function internStrings(): (text: string) => string {
  const pool = new Map<string, string>();
  return (text) => {
    let kept = pool.get(text);
    if (kept === undefined) {
      kept = Buffer.from(text).toString();
      pool.set(kept, kept);
    }
    return kept;
  };
}
