// Gives the file that the server has just made, once: its content comes with the page's own events.
const give = () => {
  const made = element.querySelector('[data-given]');
  if (!made) return;
  const { file, type, content } = made.dataset;
  const bytes = Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([bytes], { type }));
  link.download = file;
  link.click();
  made.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
};
watch('value', give);
