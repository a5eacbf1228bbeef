([container, hidden]) => {
  const root = document.querySelector(container);
  if (!root) return null;
  const label = e => (e.labels && e.labels[0] ? e.labels[0].innerText
    : e.getAttribute('aria-label') || e.placeholder || '').trim();
  const seen = e => e.type !== 'hidden' && e.getClientRects().length > 0;
  const choose = e => e.id ? '#' + CSS.escape(e.id)
    : e.name ? `${e.tagName.toLowerCase()}[name="${CSS.escape(e.name)}"]` : '';
  const field = e => ({
    name: e.name || '', id: e.id || '', type: e.tagName === 'SELECT' ? 'select'
      : e.tagName === 'TEXTAREA' ? 'textarea' : (e.type || 'text'),
    label: label(e), selector: choose(e), required: !!e.required, visible: seen(e),
    value: e.type === 'password' ? '' : (e.value ?? ''),
    ...(e.tagName === 'SELECT' ? {options: [...e.options].map(o => ({value: o.value, label: o.label}))} : {}),
    ...(['checkbox', 'radio'].includes(e.type) ? {checked: e.checked} : {}),
  });
  const forms = [...(root.matches('form') ? [root] : []), ...root.querySelectorAll('form')];
  return forms.map((form, index) => ({
    index, id: form.id || '', name: form.getAttribute('name') || '',
    action: form.action && form.action.baseVal === undefined && typeof form.action === 'string'
      ? form.action : (form.getAttribute('action') || ''),
    method: (form.getAttribute('method') || 'get').toLowerCase(),
    selector: form.id ? '#' + CSS.escape(form.id) : `form >> nth=${index}`,
    fields: [...form.elements].filter(e => /^(INPUT|SELECT|TEXTAREA)$/.test(e.tagName)
      && !['submit', 'button', 'reset', 'image'].includes(e.type) && (hidden || seen(e))).map(field),
  }));
}
