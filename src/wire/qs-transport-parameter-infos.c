/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/qs-i18n.h"
#include "wire/qs-transport-parameters.h"

#define RFC9000 "RFC 9000 section 18.2"

/* IANA's "QUIC Transport Parameters" registry, and drafts' numbers that are met in the wild. */
static const QsTransportParameterInfo infos[] = {
  { 0x00, "original_destination_connection_id", QS_TP_BYTES, -1, NULL,
    N_ ("The destination connection ID of the client's first packet. The server repeats it here, where TLS protects "
        "it, "
        "so that nobody on the path can have changed it."),
    RFC9000 },
  { 0x01, "max_idle_timeout", QS_TP_INTEGER, 0, N_ ("ms"),
    N_ ("After this long without any packet the connection is dropped silently; the smaller of both ends' values "
        "counts. 0 means no such limit."),
    RFC9000 },
  { 0x02, "stateless_reset_token", QS_TP_BYTES, -1, NULL,
    N_ ("A secret of 16 bytes: a packet that ends in it tells that the server has lost all memory of the connection."),
    RFC9000 },
  { 0x03, "max_udp_payload_size", QS_TP_INTEGER, 65527, N_ ("bytes"),
    N_ ("The largest UDP payload that this end is willing to receive; below 1200 is not allowed."), RFC9000 },
  { 0x04, "initial_max_data", QS_TP_INTEGER, 0, N_ ("bytes"),
    N_ ("How much the peer may send at first on all streams together; MAX_DATA frames raise it."), RFC9000 },
  { 0x05, "initial_max_stream_data_bidi_local", QS_TP_INTEGER, 0, N_ ("bytes"),
    N_ ("How much the peer may send at first on each bidirectional stream that this end opened."), RFC9000 },
  { 0x06, "initial_max_stream_data_bidi_remote", QS_TP_INTEGER, 0, N_ ("bytes"),
    N_ ("How much the peer may send at first on each bidirectional stream that the peer opened."), RFC9000 },
  { 0x07, "initial_max_stream_data_uni", QS_TP_INTEGER, 0, N_ ("bytes"),
    N_ ("How much the peer may send at first on each unidirectional stream."), RFC9000 },
  { 0x08, "initial_max_streams_bidi", QS_TP_INTEGER, 0, N_ ("streams"),
    N_ ("How many bidirectional streams the peer may open at first; MAX_STREAMS frames raise it."), RFC9000 },
  { 0x09, "initial_max_streams_uni", QS_TP_INTEGER, 0, N_ ("streams"),
    N_ ("How many unidirectional streams the peer may open at first; MAX_STREAMS frames raise it."), RFC9000 },
  { 0x0a, "ack_delay_exponent", QS_TP_INTEGER, 3, NULL,
    N_ ("The delay field of this end's ACK frames counts in units of 2^n microseconds, n being this value."), RFC9000 },
  { 0x0b, "max_ack_delay", QS_TP_INTEGER, 25, N_ ("ms"),
    N_ ("The longest time that this end intends to wait before it sends an acknowledgment."), RFC9000 },
  { 0x0c, "disable_active_migration", QS_TP_FLAG, -1, NULL,
    N_ ("The peer must not move the connection to another address of its own on purpose."), RFC9000 },
  { 0x0d, "preferred_address", QS_TP_ADDRESS, -1, NULL,
    N_ ("Another address of the server, to which the client should move once the handshake is done."), RFC9000 },
  { 0x0e, "active_connection_id_limit", QS_TP_INTEGER, 2, N_ ("connection IDs"),
    N_ ("How many connection IDs of the peer this end is willing to keep."), RFC9000 },
  { 0x0f, "initial_source_connection_id", QS_TP_BYTES, -1, NULL,
    N_ ("The source connection ID of this end's first Initial packet, repeated where TLS protects it."), RFC9000 },
  { 0x10, "retry_source_connection_id", QS_TP_BYTES, -1, NULL,
    N_ ("The source connection ID of the server's Retry packet: it proves that the Retry was the server's own."),
    RFC9000 },
  { 0x11, "version_information", QS_TP_VERSIONS, -1, NULL,
    N_ ("The QUIC version in use and those available, protected by TLS against a forced downgrade."),
    "RFC 9368 section 3" },
  { 0x20, "max_datagram_frame_size", QS_TP_INTEGER, 0, N_ ("bytes"),
    N_ ("The largest DATAGRAM frame that this end accepts; 0 means that it accepts none."), "RFC 9221 section 3" },
  { 0x3e, "initial_max_path_id", QS_TP_INTEGER, -1, NULL,
    N_ ("Several network paths may be used at once; this is the largest path number allowed at first."),
    "draft-ietf-quic-multipath" },
  { 0x1057, "loss_bits", QS_TP_INTEGER, -1, NULL,
    N_ ("Two header bits tell observers on the path about loss: 0 when this end only permits it, 1 when it also does "
        "it."),
    "draft-ferrieuxhamchaoui-quic-lossbits" },
  { 0x173e, "discard", QS_TP_OPAQUE, -1, NULL,
    N_ ("Bytes to be thrown away: a test of whether a large first message gets through."),
    "QUIC working group, Quantum Readiness test" },
  { 0x219e, "scone_supported", QS_TP_FLAG, -1, NULL,
    N_ ("This end reads SCONE packets, by which the network tells how fast it lets a connection be."),
    "draft-ietf-scone-protocol" },
  { 0x26ab, "google_handshake_message", QS_TP_OPAQUE, -1, NULL,
    N_ ("Google's carrier of its own handshake messages within TLS."), "Google QUICHE" },
  { 0x2ab2, "grease_quic_bit", QS_TP_FLAG, -1, NULL,
    N_ ("This end accepts packets whose fixed bit is 0, so that the path cannot learn to rely on it."),
    "RFC 9287 section 3" },
  { 0x3127, "initial_rtt", QS_TP_INTEGER, -1, N_ ("µs"), N_ ("The round-trip time that Google's client expects."),
    "Google QUICHE" },
  { 0x3128, "google_connection_options", QS_TP_OPAQUE, -1, NULL,
    N_ ("Google's tags that switch experiments on: four letters each."), "Google QUICHE" },
  { 0x3129, "user_agent", QS_TP_OPAQUE, -1, NULL, N_ ("What the client calls itself (Google, no longer used)."),
    "Google QUICHE" },
  { 0x4752, "google_version", QS_TP_OPAQUE, -1, NULL, N_ ("Google's protection against a forced version downgrade."),
    "Google QUICHE" },
  { 0x7157, "enable_time_stamp", QS_TP_INTEGER, -1, NULL, N_ ("Packets may carry the time at which they were sent."),
    "draft-huitema-quic-ts" },
  { 0x7158, "enable_time_stamp_v2", QS_TP_INTEGER, -1, NULL,
    N_ ("Packets may carry the time at which they were sent: 1 to receive such stamps, 2 to send them, 3 for both."),
    "draft-huitema-quic-ts" },
  { 0xebd9, "enable_bdp_frame", QS_TP_INTEGER, -1, NULL,
    N_ ("The bandwidth that was reached may be remembered for the next connection."), "draft-kuhn-quic-0rtt-bdp" },
  { 0x219bbcd0, "google_debug_1", QS_TP_OPAQUE, -1, NULL, N_ ("Google's aid in finding faults."), "Google QUICHE" },
  { 0xff73db, "version_information_draft", QS_TP_OPAQUE, -1, NULL, N_ ("The drafts' form of version_information."),
    "draft-ietf-quic-version-negotiation" },
  { 0x9f81a176, "address_discovery", QS_TP_INTEGER, -1, NULL,
    N_ ("The peer may be told the address that it is seen under: 0 to tell, 1 to be told, 2 for both."),
    "draft-ietf-quic-address-discovery" },
  { 0xff02de1a, "min_ack_delay (draft-02)", QS_TP_INTEGER, -1, N_ ("µs"),
    N_ ("The shortest time by which this end can delay an acknowledgment; it accepts ACK_FREQUENCY frames."),
    "draft-ietf-quic-ack-frequency" },
  { 0xff03de1a, "min_ack_delay (draft-03)", QS_TP_INTEGER, -1, N_ ("µs"),
    N_ ("The shortest time by which this end can delay an acknowledgment; it accepts ACK_FREQUENCY frames."),
    "draft-ietf-quic-ack-frequency" },
  { 0xff04de1b, "min_ack_delay", QS_TP_INTEGER, -1, N_ ("µs"),
    N_ ("The shortest time by which this end can delay an acknowledgment; it accepts ACK_FREQUENCY frames."),
    "draft-ietf-quic-ack-frequency" },
  { 0x17f7586d2cb571, "reset_stream_at", QS_TP_FLAG, -1, NULL,
    N_ ("This end accepts RESET_STREAM_AT frames, which reset a stream and still deliver its beginning."),
    "draft-ietf-quic-reliable-stream-reset" },
  { 0x0f739bbc1b666d04, "enable_multipath (draft-04)", QS_TP_INTEGER, -1, NULL,
    N_ ("Several network paths may be used at once."), "draft-ietf-quic-multipath" },
  { 0x0f739bbc1b666d05, "enable_multipath", QS_TP_FLAG, -1, NULL, N_ ("Several network paths may be used at once."),
    "draft-ietf-quic-multipath" },
  { 0x0f739bbc1b666d06, "enable_multipath (draft-06)", QS_TP_FLAG, -1, NULL,
    N_ ("Several network paths may be used at once."), "draft-ietf-quic-multipath" },
  { 0x0f739bbc1b666d07, "initial_max_paths (draft-07)", QS_TP_INTEGER, -1, N_ ("paths"),
    N_ ("Several network paths may be used at once; this is how many."), "draft-ietf-quic-multipath" },
  { 0x0f739bbc1b666d09, "initial_max_path_id (draft-09)", QS_TP_INTEGER, -1, NULL,
    N_ ("Several network paths may be used at once; this is the largest path number allowed at first."),
    "draft-ietf-quic-multipath" },
  { 0x0f739bbc1b666d0c, "initial_max_path_id (draft-12)", QS_TP_INTEGER, -1, NULL,
    N_ ("Several network paths may be used at once; this is the largest path number allowed at first."),
    "draft-ietf-quic-multipath" },
  { 0x0f739bbc1b666d0d, "initial_max_path_id (draft-13)", QS_TP_INTEGER, -1, NULL,
    N_ ("Several network paths may be used at once; this is the largest path number allowed at first."),
    "draft-ietf-quic-multipath" },
  { 0x0f739bbc1b666d11, "initial_max_path_id (draft-11)", QS_TP_INTEGER, -1, NULL,
    N_ ("Several network paths may be used at once; this is the largest path number allowed at first."),
    "draft-ietf-quic-multipath" },
};

const QsTransportParameterInfo *
qs_transport_parameter_info (guint64 id)
{
  for (guint i = 0; i < G_N_ELEMENTS (infos); i++)
    if (infos[i].id == id)
      return &infos[i];
  return NULL;
}

const QsTransportParameterInfo *
qs_transport_parameter_infos (guint *n_infos)
{
  g_return_val_if_fail (n_infos != NULL, NULL);

  *n_infos = G_N_ELEMENTS (infos);
  return infos;
}
