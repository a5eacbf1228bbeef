// Normalised correlation of brightness, 1 being the same: a smaller picture says where to look,
// the full one where it is. It runs in a page of its own, for it is a thousand times what Python
// does in the time.
async ([whole, part]) => {
  const grey = async (url, scale) => {
    const picture = await createImageBitmap(await (await fetch(url)).blob());
    const w = Math.max(1, Math.round(picture.width * scale));
    const h = Math.max(1, Math.round(picture.height * scale));
    const canvas = new OffscreenCanvas(w, h);
    const draw = canvas.getContext('2d', {willReadFrequently: true});
    draw.imageSmoothingQuality = 'high';
    draw.drawImage(picture, 0, 0, w, h);
    const data = draw.getImageData(0, 0, w, h).data;
    const out = new Float32Array(w * h);
    for (let i = 0; i < out.length; i++)
      out[i] = 0.299 * data[4 * i] + 0.587 * data[4 * i + 1] + 0.114 * data[4 * i + 2];
    return {w, h, out};
  };
  const score = (a, b, x, y) => {
    const n = b.w * b.h;
    let sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0, off = 0;
    for (let j = 0; j < b.h; j++) {
      let i = (y + j) * a.w + x, k = j * b.w;
      for (let e = k + b.w; k < e; k++, i++) {
        const p = a.out[i], q = b.out[k];
        sa += p; sb += q; saa += p * p; sbb += q * q; sab += p * q; off += Math.abs(p - q);
      }
    }
    const va = saa - sa * sa / n, vb = sbb - sb * sb / n;
    if (vb < n) return 1 - off / n / 255;
    return va < n ? -1 : (sab - sa * sb / n) / Math.sqrt(va * vb);
  };
  const a = await grey(whole, 1), b = await grey(part, 1);
  if (b.w > a.w || b.h > a.h) return {width: b.w, height: b.h, score: -1, x: 0, y: 0};
  let step = Math.max(1, Math.min(8, Math.floor(Math.min(b.w, b.h) / 8)));
  const sa = await grey(whole, 1 / step), sb = await grey(part, 1 / step);
  const best = [];
  for (let y = 0; y + sb.h <= sa.h; y++) for (let x = 0; x + sb.w <= sa.w; x++) {
    const s = score(sa, sb, x, y);
    if (best.length < 12 || s > best[best.length - 1].s) {
      best.push({s, x: x * step, y: y * step});
      best.sort((p, q) => q.s - p.s);
      if (best.length > 12) best.pop();
    }
  }
  let top = {score: -1, x: 0, y: 0};
  for (const c of best) {
    const span = step + 1;
    for (let y = Math.max(0, c.y - span); y <= Math.min(a.h - b.h, c.y + span); y++)
      for (let x = Math.max(0, c.x - span); x <= Math.min(a.w - b.w, c.x + span); x++) {
        const s = score(a, b, x, y);
        if (s > top.score) top = {score: s, x, y};
      }
  }
  return {...top, width: b.w, height: b.h};
}
