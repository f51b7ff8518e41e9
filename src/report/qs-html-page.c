/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/qs-html-page.h"

#include "base/qs-i18n.h"

/* Dark and light by the reader's own setting; prints well. Severity is told by its word too. */
static const char style[] =
    ":root{color-scheme:light dark;--line:#8884;--dim:#777;--bad:#a40000;--warn:#8f5902;--good:#2e7d32}"
    "@media(prefers-color-scheme:dark){:root{--bad:#ff7b72;--warn:#e3b341;--good:#7ee787;--dim:#999}}"
    "body{font:15px/1.45 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}"
    "h1{font-size:1.5rem;margin:0 0 .3rem}h2{font-size:1.1rem;margin:2rem 0 .5rem}"
    "table{border-collapse:collapse;width:100%;font-size:.9rem}td,th{padding:.2rem .6rem .2rem 0;text-align:start;"
    "vertical-align:top;border-bottom:1px solid var(--line)}"
    "th{font-weight:600}.dim{color:var(--dim)}.num{font-variant-numeric:tabular-nums;white-space:nowrap}"
    ".mono{font-family:ui-monospace,monospace;overflow-wrap:anywhere;min-width:8rem}"
    ".error{color:var(--bad)}.warning{color:var(--warn)}.done{color:var(--good)}.failed{color:var(--bad)}"
    "article{border:1px solid var(--line);border-radius:6px;padding:.6rem .9rem;margin:.5rem 0}"
    "article h3{font-size:1rem;margin:0 0 .2rem}article p{margin:.2rem 0}"
    "figure{margin:0;overflow:auto;background:#fff;border:1px solid var(--line);border-radius:6px}"
    "figure svg{display:block;max-width:100%;height:auto}"
    ".scroll{overflow-x:auto}.gap td{text-align:center;padding:.6rem}"
    "@media print{:root{color-scheme:light;--bad:#a40000;--warn:#8f5902;--good:#2e7d32;--dim:#555}"
    "body{margin:0;max-width:none;font-size:10pt}h2,h3{break-after:avoid}article,tr{break-inside:avoid}"
    "figure,.scroll{overflow:visible}figure{border:0}figure.fits svg{max-height:88vh;margin:auto}"
    "details::details-content{content-visibility:visible;block-size:auto}}";

void
qs_html_add (GString *page, const char *format, ...)
{
  va_list arguments;

  /* Every string argument is escaped for markup on its way. */
  va_start (arguments, format);
  g_autofree char *text = g_markup_vprintf_escaped (format, arguments);
  va_end (arguments);
  g_string_append (page, text);
}

void
qs_html_add_heading (GString *page, const char *title)
{
  qs_html_add (page, "<h2>%s</h2>\n", title);
}

void
qs_html_add_row (GString *page, const char *name, const char *value)
{
  if (value != NULL && *value != '\0')
    qs_html_add (page, "<tr><th scope=\"row\">%s</th><td>%s</td></tr>\n", name, value);
}

void
qs_html_add_header (GString *page, const char *const *titles, guint n_titles)
{
  g_string_append (page, "<thead><tr>");
  for (guint i = 0; i < n_titles; i++)
    qs_html_add (page, "<th scope=\"col\">%s</th>", _ (titles[i]));
  g_string_append (page, "</tr></thead>\n");
}

void
qs_html_add_picture (GString *page, GBytes *svg, const char *label, gboolean fits)
{
  /* From <svg on: an XML declaration has no place inside HTML. */
  gsize length;
  const char *text = g_bytes_get_data (svg, &length);
  const char *start = g_strstr_len (text, (gssize) length, "<svg");

  qs_html_add (page, "<figure class=\"%s\" role=\"img\" aria-label=\"%s\">", fits ? "fits" : "", label);
  if (start != NULL)
    g_string_append_len (page, start, (gssize) length - (start - text));
  g_string_append (page, "</figure>\n");
}

void
qs_html_begin (GString *page, const char *title, const char *more_style)
{
  g_string_append (page, "<!DOCTYPE html>\n");
  /* Translators: the language of this translation, as a web page names it: "en", "de", "pt-BR". */
  qs_html_add (page, "<html lang=\"%s\">", _ ("en"));
  g_string_append (page, "<head><meta charset=\"utf-8\">\n"
                         "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                         "style-src 'unsafe-inline'; img-src data:\">\n"
                         "<meta name=\"viewport\" content=\"width=device-width\">\n");
  qs_html_add (page, "<title>%s</title>\n", title);
  g_string_append_printf (page, "<style>%s%s</style></head><body><main>\n", style,
                          more_style != NULL ? more_style : "");
}

void
qs_html_end (GString *page)
{
  g_string_append (page, "</main></body></html>\n");
}
