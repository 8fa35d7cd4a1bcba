// A folder dropped where files are: the browser gives it as one entry, so its files are gathered here and handed over
// as if they had been chosen. Hidden files stay out. Without this script, files and the folder button still work.
if (!window.youjuTakesFolders) {
  window.youjuTakesFolders = true;

  const read = (call) => new Promise((resolve, reject) => call(resolve, reject));

  const gather = async (entry, files) => {
    if (entry.name.startsWith('.')) return;
    if (entry.isFile) { files.push(await read((done, failed) => entry.file(done, failed))); return; }
    const reader = entry.createReader();
    for (;;) {
      const batch = await read((done, failed) => reader.readEntries(done, failed));
      if (!batch.length) return;
      for (const each of batch) await gather(each, files);
    }
  };

  document.addEventListener('drop', async (event) => {
    const zone = event.target.closest?.('.drop-zone');
    const input = zone?.querySelector('input[type=file]');
    const entries = [...(event.dataTransfer?.items ?? [])].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    if (!input || !entries.some((entry) => entry.isDirectory)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const target = event.target;
    const files = [];
    for (const entry of entries) await gather(entry, files);
    const transfer = new DataTransfer();
    files.forEach((file) => transfer.items.add(file));
    input.files = transfer.files;
    input.dispatchEvent(new Event('change', { bubbles: true }));
    target.dispatchEvent(new DragEvent('drop', { bubbles: true }));  // tells the drop zone that nothing hangs over it
  }, true);
}
