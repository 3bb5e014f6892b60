import { describe, expect, it } from 'vitest';
import { emailAddressFrom } from '../../src/platform/email-address.ts';

describe('emailAddressFrom', () => {
  it.each([
    ['ada@example.org', 'ada@example.org'],
    ['  ada@example.org\n', 'ada@example.org'],
    ['R&D/a+b=c@example.org', 'R&D/a+b=c@example.org'],
    ["o'neill!#$%*?^_`{|}~-@example.org", "o'neill!#$%*?^_`{|}~-@example.org"],
    ['Ada.Lindgren@EXAMPLE.org', 'Ada.Lindgren@example.org'],
    ['ada@bücher.example', 'ada@xn--bcher-kva.example'],
    ['ada@BÜCHER.example', 'ada@xn--bcher-kva.example'],
    ['δοκιμή@παράδειγμα.δοκιμή', 'δοκιμή@xn--hxajbheg2az3al.xn--jxalpdlp'],
    ['用户@例子。广告', '用户@xn--fsqu00a.xn--4rr70v'],
    ['a@x--y.example', 'a@x--y.example'],
    ['cafe\u0301@example.org', 'caf\u00e9@example.org'],
  ])('accepts %j as %s', (text, address) => {
    expect(emailAddressFrom(text)).toBe(address);
  });

  it.each([
    '',
    '@',
    'ada',
    'ada@',
    '@example.org',
    'ada@example',
    'ada@@example.org',
    'a b@example.org',
    '.ada@example.org',
    'ada.@example.org',
    'a..b@example.org',
    'ada@example..org',
    'ada@-example.org',
    'ada@example.org.',
    'ada@1.2.3.4',
    'ada@[1.2.3.4]',
    'ada@exa%6dple.org',
    'ada@example.org/path',
    'ada@example.org:25',
    'ada@example.org, eve@example.org',
    'ada@example.org\nbcc: eve@example.org',
    'ada<eve@example.org>',
    'ada\u0000@example.org',
    '\ud800@example.org',
    `${'a'.repeat(65)}@example.org`,
    `ada@${'a'.repeat(64)}.org`,
    `ada@${'a.'.repeat(126)}org`,
  ])('refuses %j', (text) => {
    expect(emailAddressFrom(text)).toBeNull();
  });
});
