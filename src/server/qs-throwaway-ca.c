/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/qs-throwaway-ca.h"

#include <gio/gio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "base/qs-i18n.h"

#define DAY (24 * 60 * 60)
#define PADDING_BYTES 6000 /* of each certificate of an oversized chain */

struct _QsThrowawayCa {
  X509 *root, *intermediate, *unknown_root;
  EVP_PKEY *root_key, *intermediate_key, *unknown_key;
  char *pem;
};

struct _QsIdentity {
  EVP_PKEY *key;
  X509 *certificate;
  STACK_OF (X509) * chain;
  GBytes *staple; /* NULL: none */
};

typedef enum { CA_GOOD, CA_EXPIRED, CA_NOT_ALLOWED, CA_CONSTRAINED, CA_CROSSED } CaKind;
typedef enum { STAPLE_NONE, STAPLE_GOOD, STAPLE_STALE, STAPLE_REVOKED } StapleKind;

/* How one certificate is made. issuer NULL: signed by its own key. */
typedef struct {
  const char *const *names; /* of a leaf */
  const char *common_name;
  X509 *issuer;
  EVP_PKEY *issuer_key;
  gint64 from, until; /* seconds from now */
  gboolean ca;
  const char *usage;       /* extended key usage of a leaf */
  const char *key_usage;   /* of a leaf; NULL: digital signatures */
  const char *constraints; /* name constraints of a CA; NULL: none */
  gboolean no_alt_name, must_staple;
  gsize padding;
} Recipe;

static const char *const default_names[] = { "localhost", "127.0.0.1", "::1", NULL };
static const char *const elsewhere[] = { "elsewhere.example", "www.elsewhere.example", NULL };

/* What differs between the kinds; a row per QsLeafKind. */
static const struct {
  const char *const *names; /* instead of those asked for */
  gint64 from, until;
  enum { BY_INTERMEDIATE, BY_ITSELF, BY_UNKNOWN_ROOT } by;
  gboolean leave_out_intermediate, weak_key, no_alt_name, must_staple, crossed_root;
  gsize padding;
  const char *usage, *key_usage;
  CaKind issuer; /* what is wrong with the intermediate */
  StapleKind staple;
} leaves[QS_N_LEAF_KINDS] = {
  [QS_LEAF_GOOD] = { .until = 30 * DAY },
  [QS_LEAF_EXPIRED] = { .from = -40 * DAY, .until = -3 * DAY },
  [QS_LEAF_NOT_YET_VALID] = { .from = 2 * DAY, .until = 30 * DAY },
  [QS_LEAF_WRONG_NAME] = { .names = elsewhere, .until = 30 * DAY },
  [QS_LEAF_SELF_SIGNED] = { .until = 30 * DAY, .by = BY_ITSELF },
  [QS_LEAF_UNKNOWN_CA] = { .until = 30 * DAY, .by = BY_UNKNOWN_ROOT },
  [QS_LEAF_INCOMPLETE_CHAIN] = { .until = 30 * DAY, .leave_out_intermediate = TRUE },
  [QS_LEAF_OVERSIZED_CHAIN] = { .until = 30 * DAY, .padding = PADDING_BYTES },
  [QS_LEAF_WEAK] = { .until = 30 * DAY, .weak_key = TRUE },
  [QS_LEAF_CLIENT] = { .until = 30 * DAY, .usage = "clientAuth" },
  [QS_LEAF_NO_ALT_NAME] = { .until = 30 * DAY, .no_alt_name = TRUE },
  [QS_LEAF_MUST_STAPLE] = { .until = 30 * DAY, .must_staple = TRUE },
  [QS_LEAF_STAPLED] = { .until = 30 * DAY, .must_staple = TRUE, .staple = STAPLE_GOOD },
  [QS_LEAF_STALE_STAPLE] = { .until = 30 * DAY, .staple = STAPLE_STALE },
  [QS_LEAF_REVOKED_STAPLE] = { .until = 30 * DAY, .staple = STAPLE_REVOKED },
  [QS_LEAF_NO_SIGNATURES] = { .until = 30 * DAY, .key_usage = "critical,keyAgreement" },
  [QS_LEAF_LONG_LIVED] = { .until = 3 * 365 * DAY },
  [QS_LEAF_CA_EXPIRED] = { .until = 30 * DAY, .issuer = CA_EXPIRED },
  [QS_LEAF_CA_NOT_ALLOWED] = { .until = 30 * DAY, .issuer = CA_NOT_ALLOWED },
  [QS_LEAF_NAME_CONSTRAINTS] = { .until = 30 * DAY, .issuer = CA_CONSTRAINED },
  [QS_LEAF_CHAIN_SURPLUS] = { .until = 30 * DAY, .crossed_root = TRUE },
};

G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509, X509_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BIO, BIO_free_all)

void
qs_set_crypto_error (GError **error, const char *sentence)
{
  /* The first error is the cause; what came after it is its echo. */
  unsigned long code = ERR_get_error ();
  const char *reason = code != 0 ? ERR_reason_error_string (code) : NULL;

  if (reason != NULL)
    g_set_error (error, QS_ERROR, QS_ERROR_CRYPTO, "%s: %s", sentence, reason);
  else
    g_set_error_literal (error, QS_ERROR, QS_ERROR_CRYPTO, sentence);
  ERR_clear_error ();
}

static gboolean
add_extension (X509 *certificate, X509 *issuer, int nid, const char *value)
{
  X509V3_CTX context;

  X509V3_set_ctx_nodb (&context);
  X509V3_set_ctx (&context, issuer, certificate, NULL, NULL, 0);
  X509_EXTENSION *extension = X509V3_EXT_conf_nid (NULL, &context, nid, value);
  gboolean added = extension != NULL && X509_add_ext (certificate, extension, -1) == 1;
  X509_EXTENSION_free (extension);
  return added;
}

/* The issuer's key identifier (RFC 5280 section 4.2.1.1). Put together here: X509V3_EXT_conf_nid() reads on behind an identifier that there
 * was no memory for. */
static gboolean
add_authority (X509 *certificate, X509 *issuer)
{
  AUTHORITY_KEYID *authority = AUTHORITY_KEYID_new ();

  if (authority != NULL)
    authority->keyid = X509_get_ext_d2i (issuer, NID_subject_key_identifier, NULL, NULL);
  gboolean added = authority != NULL && authority->keyid != NULL &&
                   X509_add1_ext_i2d (certificate, NID_authority_key_identifier, authority, 0, X509V3_ADD_APPEND) == 1;
  AUTHORITY_KEYID_free (authority);
  return added;
}

static gboolean
add_names (X509 *certificate, const char *const *names)
{
  g_autoptr (GString) value = g_string_new (NULL);

  for (guint i = 0; names[i] != NULL; i++)
    {
      /* A comma would start another entry in OpenSSL's little language. */
      if (strpbrk (names[i], ",\n") != NULL)
        return FALSE;
      g_string_append_printf (value, "%s%s:%s", i > 0 ? "," : "", g_hostname_is_ip_address (names[i]) ? "IP" : "DNS",
                              names[i]);
    }
  return add_extension (certificate, NULL, NID_subject_alt_name, value->str);
}

static gboolean
add_padding (X509 *certificate, gsize bytes)
{
  g_autofree char *text = g_malloc (bytes + 1);

  memset (text, '.', bytes);
  text[bytes] = '\0';
  return add_extension (certificate, NULL, NID_netscape_comment, text);
}

static gboolean
set_serial (X509 *certificate)
{
  guint8 bytes[16];

  if (RAND_bytes (bytes, sizeof bytes) != 1)
    return FALSE;
  bytes[0] = (bytes[0] & 0x7f) | 0x40; /* positive, and always of the same length */
  BIGNUM *number = BN_bin2bn (bytes, sizeof bytes, NULL);
  gboolean set = number != NULL && BN_to_ASN1_INTEGER (number, X509_get_serialNumber (certificate)) != NULL;
  BN_free (number);
  return set;
}

static gboolean
set_subject (X509 *certificate, const char *common_name)
{
  X509_NAME *name = X509_NAME_new ();
  /* X.520 bounds a common name to 64 characters; the names that count are the alternative ones. */
  int length = (int) MIN (strlen (common_name), 64);

  gboolean set = name != NULL &&
                 X509_NAME_add_entry_by_NID (name, NID_organizationName, MBSTRING_UTF8,
                                             (const unsigned char *) "Quicscope throwaway", -1, -1, 0) &&
                 X509_NAME_add_entry_by_NID (name, NID_commonName, MBSTRING_UTF8, (const unsigned char *) common_name,
                                             length, -1, 0) &&
                 X509_set_subject_name (certificate, name);
  X509_NAME_free (name);
  return set;
}

static gboolean
add_extensions (X509 *certificate, const Recipe *recipe)
{
  X509 *issuer = recipe->issuer != NULL ? recipe->issuer : certificate;

  if (!add_extension (certificate, issuer, NID_subject_key_identifier, "hash") || !add_authority (certificate, issuer))
    return FALSE;
  if (recipe->ca)
    return add_extension (certificate, issuer, NID_basic_constraints, "critical,CA:TRUE") &&
           add_extension (certificate, issuer, NID_key_usage, "critical,keyCertSign,cRLSign") &&
           (recipe->constraints == NULL ||
            add_extension (certificate, issuer, NID_name_constraints, recipe->constraints)) &&
           (recipe->padding == 0 || add_padding (certificate, recipe->padding));
  return add_extension (certificate, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
         add_extension (certificate, issuer, NID_key_usage,
                        recipe->key_usage != NULL ? recipe->key_usage : "critical,digitalSignature") &&
         add_extension (certificate, issuer, NID_ext_key_usage, recipe->usage) &&
         (!recipe->must_staple || add_extension (certificate, issuer, NID_tlsfeature, "status_request")) &&
         (recipe->no_alt_name || add_names (certificate, recipe->names)) &&
         (recipe->padding == 0 || add_padding (certificate, recipe->padding));
}

static X509 *
make_certificate (const Recipe *recipe, EVP_PKEY *key)
{
  g_autoptr (X509) certificate = X509_new ();
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  const char *common_name = recipe->common_name != NULL ? recipe->common_name : recipe->names[0];

  if (certificate == NULL || !X509_set_version (certificate, X509_VERSION_3) || !set_serial (certificate) ||
      !set_subject (certificate, common_name) ||
      !X509_set_issuer_name (certificate, X509_get_subject_name (recipe->issuer ? recipe->issuer : certificate)) ||
      ASN1_TIME_set (X509_getm_notBefore (certificate), now + recipe->from) == NULL ||
      ASN1_TIME_set (X509_getm_notAfter (certificate), now + recipe->until) == NULL ||
      !X509_set_pubkey (certificate, key) || !add_extensions (certificate, recipe) ||
      !X509_sign (certificate, recipe->issuer != NULL ? recipe->issuer_key : key, EVP_sha256 ()))
    return NULL;
  return g_steal_pointer (&certificate);
}

/* kind: what is wrong with it. own_key NULL: one is made. Returns (transfer full) its key. */
static EVP_PKEY *
make_ca_of_kind (CaKind kind, const char *common_name, X509 *issuer, EVP_PKEY *issuer_key, EVP_PKEY *own_key,
                 gsize padding, X509 **certificate)
{
  static const char *const names[] = { "other.example", NULL };
  EVP_PKEY *key = own_key != NULL && EVP_PKEY_up_ref (own_key) == 1 ? own_key : EVP_EC_gen ("P-256");
  Recipe recipe = {
    .names = names,
    .common_name = common_name,
    .issuer = issuer,
    .issuer_key = issuer_key,
    .from = -60 * DAY, /* before that of an expired leaf */
    .until = kind == CA_EXPIRED || kind == CA_CROSSED ? -3 * DAY : 60 * DAY,
    .ca = kind != CA_NOT_ALLOWED,
    .usage = "serverAuth",
    .constraints = kind == CA_CONSTRAINED ? "critical,permitted;DNS:corp.example" : NULL,
    .padding = padding,
  };

  *certificate = key != NULL ? make_certificate (&recipe, key) : NULL;
  return key;
}

static EVP_PKEY *
make_ca (const char *common_name, X509 *issuer, EVP_PKEY *issuer_key, gsize padding, X509 **certificate)
{
  return make_ca_of_kind (CA_GOOD, common_name, issuer, issuer_key, NULL, padding, certificate);
}

static char *
bio_to_string (BIO *bio)
{
  char *data = NULL;
  long length = BIO_get_mem_data (bio, &data);

  return g_strndup (data, (gsize) length);
}

static char *
certificates_to_pem (X509 *first, STACK_OF (X509) * more)
{
  g_autoptr (BIO) bio = BIO_new (BIO_s_mem ());

  gboolean good = bio != NULL && PEM_write_bio_X509 (bio, first) == 1;
  for (int i = 0; good && more != NULL && i < sk_X509_num (more); i++)
    good = PEM_write_bio_X509 (bio, sk_X509_value (more, i)) == 1;
  return good ? bio_to_string (bio) : NULL;
}

static void
ca_clear (QsThrowawayCa *self)
{
  X509_free (self->root);
  X509_free (self->intermediate);
  X509_free (self->unknown_root);
  EVP_PKEY_free (self->root_key);
  EVP_PKEY_free (self->intermediate_key);
  EVP_PKEY_free (self->unknown_key);
  g_free (self->pem);
}

static void
identity_clear (QsIdentity *self)
{
  EVP_PKEY_free (self->key);
  X509_free (self->certificate);
  sk_X509_pop_free (self->chain, X509_free);
  g_clear_pointer (&self->staple, g_bytes_unref);
}

QsThrowawayCa *
qs_throwaway_ca_new (GError **error)
{
  g_autoptr (QsThrowawayCa) self = g_atomic_rc_box_new0 (QsThrowawayCa);

  ERR_clear_error ();
  self->root_key = make_ca ("Quicscope throwaway root", NULL, NULL, 0, &self->root);
  if (self->root != NULL)
    self->intermediate_key =
        make_ca ("Quicscope throwaway intermediate", self->root, self->root_key, 0, &self->intermediate);
  self->unknown_key = make_ca ("Root that nobody knows", NULL, NULL, 0, &self->unknown_root);
  if (self->root == NULL || self->intermediate == NULL || self->unknown_root == NULL)
    {
      qs_set_crypto_error (error, _ ("No certificate authority could be made"));
      return NULL;
    }
  self->pem = certificates_to_pem (self->root, NULL);
  if (self->pem == NULL)
    {
      qs_error_set_no_memory (error);
      return NULL;
    }
  return g_steal_pointer (&self);
}

QsThrowawayCa *
qs_throwaway_ca_ref (QsThrowawayCa *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
qs_throwaway_ca_unref (QsThrowawayCa *self)
{
  g_atomic_rc_box_release_full (self, (GDestroyNotify) ca_clear);
}

const char *
qs_throwaway_ca_get_pem (QsThrowawayCa *self)
{
  return self->pem;
}

X509 *
qs_throwaway_ca_get_root (QsThrowawayCa *self)
{
  return self->root;
}

/* An intermediate with a flaw, or another server's certificate in its place, and what is sent above that one. */
static X509 *
make_flawed_issuer (QsThrowawayCa *self, CaKind kind, STACK_OF (X509) * chain, EVP_PKEY **made_key)
{
  static const char *const names[] = {
    [CA_EXPIRED] = "Quicscope throwaway intermediate of old",
    [CA_NOT_ALLOWED] = "Quicscope throwaway server",
    [CA_CONSTRAINED] = "Quicscope throwaway intermediate for corp.example",
  };
  gboolean below = kind == CA_NOT_ALLOWED;
  X509 *made = NULL;

  *made_key = make_ca_of_kind (kind, names[kind], below ? self->intermediate : self->root,
                               below ? self->intermediate_key : self->root_key, NULL, 0, &made);
  if (below && (X509_up_ref (self->intermediate) != 1 || sk_X509_push (chain, self->intermediate) <= 0))
    g_clear_pointer (&made, X509_free);
  return made;
}

/* Who signs, and what is sent after the leaf: the chain takes its own references. */
static gboolean
choose_issuer (QsThrowawayCa *self, QsLeafKind kind, Recipe *recipe, STACK_OF (X509) * chain, EVP_PKEY **made_key)
{
  g_autoptr (X509) padded = NULL;

  switch (leaves[kind].by)
    {
    case BY_ITSELF:
      return TRUE;
    case BY_UNKNOWN_ROOT:
      recipe->issuer_key = *made_key =
          make_ca ("Intermediate of a root that nobody knows", self->unknown_root, self->unknown_key, 0, &padded);
      break;
    case BY_INTERMEDIATE:
      recipe->issuer_key = self->intermediate_key;
      if (leaves[kind].issuer != CA_GOOD)
        {
          padded = make_flawed_issuer (self, leaves[kind].issuer, chain, made_key);
          recipe->issuer_key = *made_key;
        }
      else if (leaves[kind].padding > 0)
        recipe->issuer_key = *made_key = make_ca ("Quicscope throwaway intermediate of many words", self->root,
                                                  self->root_key, leaves[kind].padding, &padded);
      else if (X509_up_ref (self->intermediate))
        padded = self->intermediate;
      break;
    }
  recipe->issuer = padded;
  return padded != NULL && sk_X509_unshift (chain, g_steal_pointer (&padded)) > 0;
}

/* The root's name and key below an older root, long over: fine where the root itself is trusted. */
static gboolean
add_crossed_root (QsThrowawayCa *self, STACK_OF (X509) * chain)
{
  X509 *crossed = NULL;
  g_autoptr (EVP_PKEY) key = make_ca_of_kind (CA_CROSSED, "Quicscope throwaway root", self->unknown_root,
                                              self->unknown_key, self->root_key, 0, &crossed);

  return key != NULL && crossed != NULL && sk_X509_push (chain, crossed) > 0;
}

/* What the issuer's OCSP responder would say (RFC 6960). */
static GBytes *
make_staple (StapleKind kind, X509 *certificate, X509 *issuer, EVP_PKEY *issuer_key)
{
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  gint64 until = kind == STAPLE_STALE ? now - 2 * DAY : now + 7 * DAY;
  ASN1_TIME *from = ASN1_TIME_set (NULL, until - 8 * DAY), *next = ASN1_TIME_set (NULL, until);
  OCSP_BASICRESP *basic = OCSP_BASICRESP_new ();
  OCSP_CERTID *id = OCSP_cert_to_id (NULL, certificate, issuer);
  OCSP_RESPONSE *response = NULL;
  unsigned char *der = NULL;
  int length = 0;

  if (OCSP_basic_add1_status (basic, id, kind == STAPLE_REVOKED ? V_OCSP_CERTSTATUS_REVOKED : V_OCSP_CERTSTATUS_GOOD,
                              OCSP_REVOKED_STATUS_KEYCOMPROMISE, kind == STAPLE_REVOKED ? from : NULL, from,
                              next) != NULL &&
      OCSP_basic_sign (basic, issuer, issuer_key, EVP_sha256 (), NULL, OCSP_NOCERTS) == 1)
    response = OCSP_response_create (OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
  if (response != NULL)
    length = i2d_OCSP_RESPONSE (response, &der);
  GBytes *staple = length > 0 ? g_bytes_new (der, (gsize) length) : NULL;
  OPENSSL_free (der);
  OCSP_RESPONSE_free (response);
  OCSP_CERTID_free (id);
  OCSP_BASICRESP_free (basic);
  ASN1_TIME_free (next);
  ASN1_TIME_free (from);
  return staple;
}

/* RSA takes some 20 ms to make a key, and now and then three times that: once in a process is enough, as nobody has to
 * trust it. (transfer full), or NULL. */
static EVP_PKEY *
make_weak_key (void)
{
  static gsize once;
  static EVP_PKEY *key;

  if (g_once_init_enter (&once))
    {
      key = EVP_RSA_gen (1024);
      g_once_init_leave (&once, 1);
    }
  return key != NULL && EVP_PKEY_up_ref (key) == 1 ? key : NULL;
}

QsIdentity *
qs_throwaway_ca_issue (QsThrowawayCa *self, QsLeafKind kind, const char *const *names, GError **error)
{
  g_return_val_if_fail (self != NULL && kind < QS_N_LEAF_KINDS, NULL);

  g_autoptr (QsIdentity) identity = g_atomic_rc_box_new0 (QsIdentity);
  g_autoptr (EVP_PKEY) issuer_key = NULL;
  Recipe recipe = {
    .names = leaves[kind].names                  ? leaves[kind].names
             : names != NULL && names[0] != NULL ? names
                                                 : default_names,
    .from = leaves[kind].from != 0 ? leaves[kind].from : -DAY / 24,
    .until = leaves[kind].until,
    .usage = leaves[kind].usage != NULL ? leaves[kind].usage : "serverAuth",
    .key_usage = leaves[kind].key_usage,
    .no_alt_name = leaves[kind].no_alt_name,
    .must_staple = leaves[kind].must_staple,
    .padding = leaves[kind].padding,
  };

  ERR_clear_error ();
  identity->chain = sk_X509_new_null ();
  identity->key = leaves[kind].weak_key ? make_weak_key () : EVP_EC_gen ("P-256");
  if (identity->chain != NULL && identity->key != NULL &&
      choose_issuer (self, kind, &recipe, identity->chain, &issuer_key))
    identity->certificate = make_certificate (&recipe, identity->key);
  if (identity->certificate != NULL && leaves[kind].staple != STAPLE_NONE)
    identity->staple = make_staple (leaves[kind].staple, identity->certificate, recipe.issuer, recipe.issuer_key);
  if (identity->certificate == NULL || (leaves[kind].staple != STAPLE_NONE && identity->staple == NULL) ||
      (leaves[kind].crossed_root && !add_crossed_root (self, identity->chain)))
    {
      qs_set_crypto_error (error, _ ("No certificate could be made for these names"));
      return NULL;
    }
  if (leaves[kind].leave_out_intermediate)
    X509_free (sk_X509_pop (identity->chain));
  return g_steal_pointer (&identity);
}

QsIdentity *
qs_identity_ref (QsIdentity *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
qs_identity_unref (QsIdentity *self)
{
  g_atomic_rc_box_release_full (self, (GDestroyNotify) identity_clear);
}

EVP_PKEY *
qs_identity_get_key (QsIdentity *self)
{
  return self->key;
}

X509 *
qs_identity_get_certificate (QsIdentity *self)
{
  return self->certificate;
}

STACK_OF (X509) * qs_identity_get_chain (QsIdentity *self)
{
  return self->chain;
}

GBytes *
qs_identity_get_staple (QsIdentity *self)
{
  return self->staple;
}

gboolean
qs_identity_use (QsIdentity *self, SSL_CTX *context)
{
  return SSL_CTX_use_cert_and_key (context, self->certificate, self->key, self->chain, 1) == 1;
}

char *
qs_identity_to_pem (QsIdentity *self)
{
  return certificates_to_pem (self->certificate, self->chain);
}

char *
qs_identity_key_to_pem (QsIdentity *self)
{
  g_autoptr (BIO) bio = BIO_new (BIO_s_mem ());

  if (bio == NULL || PEM_write_bio_PrivateKey (bio, self->key, NULL, NULL, 0, NULL, NULL) != 1)
    return NULL;
  return bio_to_string (bio);
}
