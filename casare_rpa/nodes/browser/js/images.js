([backgrounds]) => {
  const found = new Map();
  const add = (url, width, height) => {
    if (url && !found.has(url)) found.set(url, {url, width, height});
  };
  for (const img of document.images) add(img.currentSrc || img.src, img.naturalWidth, img.naturalHeight);
  if (backgrounds) for (const e of document.querySelectorAll('*')) {
    const image = getComputedStyle(e).backgroundImage;
    if (!image || image === 'none') continue;
    const box = e.getBoundingClientRect();
    for (const match of image.matchAll(/url\((["']?)(.*?)\1\)/g))
      add(new URL(match[2], document.baseURI).href, Math.round(box.width), Math.round(box.height));
  }
  return [...found.values()];
}
