// Set the theme that was chosen before anything is painted. Knows nothing else; without a choice the system's holds.
try {
  const theme = localStorage.getItem("glyph.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // No storage: the system's theme.
}
