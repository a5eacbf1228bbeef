([kind, challenge]) => {
  const find = selector => { try { return document.querySelector(selector); } catch { return null; } };
  const from = (url, key) => { try { return new URL(url).searchParams.get(key) || ''; } catch { return ''; } };
  const keyed = selector => {
    const e = find(selector);
    return e ? (e.dataset.sitekey || from(e.src || '', 'k') || from(e.src || '', 'sitekey')
      || from(e.src || '', 'render')) : '';
  };
  const marks = {
    hcaptcha: '.h-captcha, iframe[src*="hcaptcha.com"]',
    recaptcha_v3: 'script[src*="recaptcha"][src*="render="]:not([src*="render=explicit"]):not([src*="render=onload"])',
    recaptcha_v2: '.g-recaptcha, iframe[src*="recaptcha"], iframe[title*="reCAPTCHA" i]',
    image_captcha: 'img[src*="captcha" i], img[id*="captcha" i], img[alt*="captcha" i], '
      + 'input[name*="captcha" i]',
  };
  const order = [kind, ...Object.keys(marks).filter(each => each !== kind)];
  for (const each of order) if (find(marks[each])) return {kind: each, key: keyed(marks[each])};
  return challenge && find(challenge) ? {kind, key: ''} : null;
}
