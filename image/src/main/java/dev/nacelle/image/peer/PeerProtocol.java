package dev.nacelle.image.peer;

import java.util.regex.Pattern;

/** What both sides of the protocol agree on; see docs/reference/peers.md. */
final class PeerProtocol {
  /** Changes whenever a host of the old version would not understand. */
  static final String ROOT = "/peer/v1/";

  /** Who answers, or asks: the URL under which it serves. */
  static final String PEER = "nacelle-peer";

  /** Of a layer's answer: how much of it is here. */
  static final String LAYER = "nacelle-layer";

  static final String WHOLE = "whole";
  static final String PART = "part";
  static final Pattern KEY = Pattern.compile("[0-9a-f]{64}-s[0-9]{1,9}");
  static final Pattern DIGEST = Pattern.compile("sha256:[0-9a-f]{64}");

  /** Neighbouring chunks that have one owner; a request never reaches over two groups. */
  static final int GROUP_CHUNKS = 8;

  /** Of manifests, configurations, indexes, traces. */
  static final int MAX_CONTENT_BYTES = 20 << 20;

  private PeerProtocol() {}
}
