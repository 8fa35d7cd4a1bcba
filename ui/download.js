// Gives what a button holds as a file: no request, no file on the server. CSV begins with the mark that tells
// spreadsheets that it is UTF-8.
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-file]');
  if (!button) return;
  const { file, type, content } = button.dataset;
  const link = document.createElement('a');
  const mark = type === 'text/csv' ? '\ufeff' : '';
  link.href = URL.createObjectURL(new Blob([mark + content], { type: `${type};charset=utf-8` }));
  link.download = file.replace(/[\\/:*?"<>|\s]+/g, '-');
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
});
