// Gives the values that the page shows as a file: no request, no file on the server. The mark before the text tells
// spreadsheets that it is UTF-8.
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-csv]');
  if (!button) return;
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob(['\ufeff' + button.dataset.csv], { type: 'text/csv;charset=utf-8' }));
  link.download = button.dataset.file.replace(/[\\/:*?"<>|\s]+/g, '-');
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
});
