/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mallard to blocks, by GMarkup: one table says what each element does. */
#include <string.h>

#include "base/qs-error.h"
#include "manual/qs-manual.h"

typedef enum {
  KIND_PAGE,
  KIND_INFO,
  KIND_SECTION,
  KIND_TITLE,
  KIND_DESC,
  KIND_PARAGRAPH,
  KIND_PICTURE,
  KIND_LIST,
  KIND_ITEM,
  KIND_NOTE,
  KIND_LINK,
  KIND_INLINE,
} Kind;

/* before, after: what an inline element is in Pango's markup. */
static const struct {
  const char *name;
  Kind kind;
  const char *before, *after;
} elements[] = {
  { "page", KIND_PAGE },
  { "info", KIND_INFO },
  { "section", KIND_SECTION },
  { "title", KIND_TITLE },
  { "desc", KIND_DESC },
  { "p", KIND_PARAGRAPH },
  { "screen", KIND_PICTURE },
  { "list", KIND_LIST },
  { "steps", KIND_LIST },
  { "terms", KIND_LIST },
  { "item", KIND_ITEM },
  { "note", KIND_NOTE },
  { "link", KIND_LINK },
  { "em", KIND_INLINE, "<i>", "</i>" },
  { "var", KIND_INLINE, "<i>", "</i>" },
  { "gui", KIND_INLINE, "<b>", "</b>" },
  { "key", KIND_INLINE, "<b>", "</b>" },
  { "code", KIND_INLINE, "<tt>", "</tt>" },
  { "file", KIND_INLINE, "<tt>", "</tt>" },
};

typedef struct {
  QsManualPage *page;
  GString *markup, *text; /* of the block under way */
  QsManualBlock *block;   /* NULL: none is under way */
  GArray *counters;       /* gint, one for each list: -1 of bullets, 0 of terms, else the next number */
  guint sections, notes, desc;
  gboolean in_info, first_of_item;
  char *section; /* id of the section whose title comes next */
} State;

static guint
find_element (const char *name)
{
  guint i = 0;

  while (i < G_N_ELEMENTS (elements) && !g_str_equal (elements[i].name, name))
    i++;
  return i;
}

static const char *
find_attribute (const char **names, const char **values, const char *name)
{
  for (; *names != NULL; names++, values++)
    if (g_str_equal (*names, name))
      return *values;
  return NULL;
}

static void
block_free (gpointer data)
{
  QsManualBlock *block = data;

  g_free (block->bullet);
  g_free (block->section);
  g_free (block->markup);
  g_free (block->text);
  g_free (block);
}

static void
begin_block (State *state, QsManualKind kind)
{
  QsManualBlock *block = g_new0 (QsManualBlock, 1);
  int *counter = state->counters->len > 0 ? &g_array_index (state->counters, int, state->counters->len - 1) : NULL;

  block->kind = kind;
  block->level = state->counters->len;
  block->note = state->notes > 0;
  if (counter != NULL && state->first_of_item && *counter != 0)
    block->bullet = *counter < 0 ? g_strdup ("•") : g_strdup_printf ("%d.", (*counter)++);
  state->first_of_item = FALSE;
  state->block = block;
}

static void
begin_title (State *state)
{
  if (state->counters->len > 0)
    {
      begin_block (state, QS_MANUAL_PARAGRAPH);
      state->block->term = TRUE;
      return;
    }
  begin_block (state, QS_MANUAL_HEADING);
  state->block->level = state->sections;
  state->block->section = g_steal_pointer (&state->section);
}

static void
end_block (State *state)
{
  QsManualBlock *block = g_steal_pointer (&state->block);

  if (block->kind == QS_MANUAL_PARAGRAPH || block->kind == QS_MANUAL_HEADING)
    {
      g_strstrip (state->text->str);
      /* Blanks at the end of markup harm nobody, and tags may stand behind them. */
      state->text->len = strlen (state->text->str);
    }
  block->markup = g_strdup (state->markup->str);
  block->text = g_strdup (state->text->str);
  if (block->kind == QS_MANUAL_HEADING && block->level == 0)
    state->page->title = g_strdup (block->text);
  g_ptr_array_add (state->page->blocks, block);
  g_string_truncate (state->markup, 0);
  g_string_truncate (state->text, 0);
}

static void
begin_list (State *state, const char *name)
{
  int counter = g_str_equal (name, "steps") ? 1 : g_str_equal (name, "terms") ? 0 : -1;

  g_array_append_val (state->counters, counter);
}

static void
begin_link (State *state, const char **names, const char **values)
{
  const char *xref = find_attribute (names, values, "xref"), *href = find_attribute (names, values, "href");
  const char *type = find_attribute (names, values, "type");

  if (state->in_info)
    {
      if (xref != NULL)
        g_ptr_array_add (g_strcmp0 (type, "guide") == 0 ? state->page->guides : state->page->near, g_strdup (xref));
      return;
    }
  g_autofree char *target = xref != NULL ? g_strconcat ("help:", xref, NULL) : g_strdup (href != NULL ? href : "");
  g_autofree char *open = g_markup_printf_escaped ("<a href=\"%s\">", target);
  g_string_append (state->markup, open);
}

static void
start_cb (GMarkupParseContext *context, const char *name, const char **names, const char **values, gpointer data,
          GError **error)
{
  State *state = data;
  guint i = find_element (name);

  if (i == G_N_ELEMENTS (elements) || (state->page->id == NULL && elements[i].kind != KIND_PAGE) ||
      (state->block != NULL && elements[i].kind < KIND_LINK))
    {
      g_set_error (error, G_MARKUP_ERROR, G_MARKUP_ERROR_UNKNOWN_ELEMENT, "<%s> has no place here", name);
      return;
    }
  const char *id = find_attribute (names, values, "id");
  switch (elements[i].kind)
    {
    case KIND_PAGE:
      if (id == NULL || state->page->id != NULL)
        g_set_error_literal (error, G_MARKUP_ERROR, G_MARKUP_ERROR_MISSING_ATTRIBUTE, "a page needs an id");
      else
        state->page->id = g_strdup (id);
      break;
    case KIND_INFO:
      state->in_info = TRUE;
      break;
    case KIND_SECTION:
      state->sections++;
      g_free (state->section);
      state->section = g_strdup (id);
      break;
    case KIND_TITLE:
      begin_title (state);
      break;
    case KIND_DESC:
      state->desc++;
      break;
    case KIND_PARAGRAPH:
      begin_block (state, QS_MANUAL_PARAGRAPH);
      break;
    case KIND_PICTURE:
      begin_block (state, QS_MANUAL_PICTURE);
      break;
    case KIND_LIST:
      begin_list (state, name);
      break;
    case KIND_ITEM:
      state->first_of_item = TRUE;
      break;
    case KIND_NOTE:
      state->notes++;
      break;
    case KIND_LINK:
      begin_link (state, names, values);
      break;
    case KIND_INLINE:
      if (state->block != NULL)
        g_string_append (state->markup, elements[i].before);
      break;
    }
}

static void
end_cb (GMarkupParseContext *context, const char *name, gpointer data, GError **error)
{
  State *state = data;
  guint i = find_element (name);

  switch (elements[i].kind)
    {
    case KIND_INFO:
      state->in_info = FALSE;
      break;
    case KIND_SECTION:
      state->sections--;
      break;
    case KIND_TITLE:
    case KIND_PARAGRAPH:
    case KIND_PICTURE:
      end_block (state);
      break;
    case KIND_DESC:
      state->desc--;
      state->page->desc = g_strdup (g_strstrip (state->text->str));
      g_string_truncate (state->text, 0);
      g_string_truncate (state->markup, 0);
      break;
    case KIND_LIST:
      g_array_set_size (state->counters, state->counters->len - 1);
      break;
    case KIND_NOTE:
      state->notes--;
      break;
    case KIND_LINK:
      if (!state->in_info)
        g_string_append (state->markup, "</a>");
      break;
    case KIND_INLINE:
      if (state->block != NULL)
        g_string_append (state->markup, elements[i].after);
      break;
    case KIND_PAGE:
    case KIND_ITEM:
      break;
    }
}

/* Runs of blanks and line ends are one blank, none at the beginning. */
static char *
collapse (State *state, const char *text, gsize length)
{
  GString *out = g_string_new (NULL);
  gboolean blank = state->text->len == 0 || state->text->str[state->text->len - 1] == ' ';

  for (gsize i = 0; i < length; i++)
    {
      gboolean is_blank = g_ascii_isspace (text[i]);
      if (!is_blank)
        g_string_append_c (out, text[i]);
      else if (!blank)
        g_string_append_c (out, ' ');
      blank = is_blank;
    }
  return g_string_free (out, FALSE);
}

static void
text_cb (GMarkupParseContext *context, const char *text, gsize length, gpointer data, GError **error)
{
  State *state = data;

  if (state->block == NULL && state->desc == 0)
    return;
  gboolean keeps = state->block != NULL && state->block->kind == QS_MANUAL_PICTURE;
  g_autofree char *plain = keeps ? g_strndup (text, length) : collapse (state, text, length);
  g_autofree char *escaped = g_markup_escape_text (plain, -1);
  g_string_append (state->text, plain);
  g_string_append (state->markup, escaped);
}

static void
fold (QsManualPage *page)
{
  g_autoptr (GString) all = g_string_new (page->desc);

  for (guint i = 0; i < page->blocks->len; i++)
    {
      const QsManualBlock *block = g_ptr_array_index (page->blocks, i);
      g_string_append_printf (all, " %s", block->text);
    }
  page->folded = g_utf8_casefold (all->str, -1);
}

void
qs_manual_page_free (QsManualPage *page)
{
  g_free (page->id);
  g_free (page->title);
  g_free (page->desc);
  g_free (page->folded);
  g_ptr_array_unref (page->blocks);
  g_ptr_array_unref (page->guides);
  g_ptr_array_unref (page->near);
  g_free (page);
}

QsManualPage *
qs_manual_page_new (const char *xml, gsize length, GError **error)
{
  static const GMarkupParser parser = { start_cb, end_cb, text_cb, NULL, NULL };
  g_autoptr (QsManualPage) page = g_new0 (QsManualPage, 1);
  g_autoptr (GString) markup = g_string_new (NULL), text = g_string_new (NULL);
  g_autoptr (GArray) counters = g_array_new (FALSE, FALSE, sizeof (int));
  g_autoptr (GError) wrong = NULL;
  State state = { .page = page, .markup = markup, .text = text, .counters = counters };

  g_return_val_if_fail (xml != NULL, NULL);

  page->blocks = g_ptr_array_new_with_free_func (block_free);
  page->guides = g_ptr_array_new_with_free_func (g_free);
  page->near = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GMarkupParseContext) context =
      g_markup_parse_context_new (&parser, G_MARKUP_PREFIX_ERROR_POSITION, &state, NULL);
  gboolean read = g_markup_parse_context_parse (context, xml, (gssize) length, &wrong) &&
                  g_markup_parse_context_end_parse (context, &wrong);
  g_free (state.section);
  if (state.block != NULL)
    block_free (state.block);
  if (read && page->title != NULL)
    {
      fold (page);
      return g_steal_pointer (&page);
    }
  g_set_error_literal (error, QS_ERROR, QS_ERROR_PARSE, wrong != NULL ? wrong->message : "a page needs a title");
  return NULL;
}
