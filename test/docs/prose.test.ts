import { describe, expect, it } from 'vitest';
import { unclearProseIn } from '../support/source/comment-words.ts';
import { filesIn, findingsIn, readFile } from '../support/source/source-files.ts';

describe('the documentation', () => {
  const files = [
    ...filesIn('docs').filter(({ path }) => path.endsWith('.md')),
    ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md', 'bench/README.md'].map(readFile),
  ];

  it('has no words of a private dialect', () => {
    expect(files.length).toBeGreaterThan(40);
    expect(findingsIn(files, unclearProseIn, []).unexpected).toEqual({});
  });
});
