package dev.nacelle.image.peer;

import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.image.stream.ChunkRange;
import java.util.List;
import java.util.Optional;

/** What a peer asks for: a request that is as it must be. */
sealed interface PeerRequest {
  /** How much of a layer is here. */
  record Layer(String key) implements PeerRequest {}

  /** The metadata image of a layer. */
  record Metadata(String key) implements PeerRequest {}

  /** Chunks of a layer, all of one group. */
  record Chunks(String key, ChunkRange range, PeerCall.Absent absent) implements PeerRequest {}

  /** Something small. */
  record Content(String digest) implements PeerRequest {}

  /** Empty where it is none. */
  static Optional<PeerRequest> of(HttpExchange exchange) {
    if (exchange.hasBody() || !exchange.rawPath().startsWith(PeerProtocol.ROOT)) {
      return Optional.empty();
    }
    List<String> steps =
        List.of(exchange.rawPath().substring(PeerProtocol.ROOT.length()).split("/", -1));
    String name = steps.size() > 1 ? steps.get(1) : "";
    return switch (steps.getFirst()) {
      case "content" ->
          steps.size() == 2 && PeerProtocol.DIGEST.matcher(name).matches()
              ? Optional.of(new Content(name))
              : Optional.empty();
      case "layers" ->
          PeerProtocol.KEY.matcher(name).matches()
              ? ofLayer(exchange, name, steps.subList(2, steps.size()))
              : Optional.empty();
      default -> Optional.empty();
    };
  }

  private static Optional<PeerRequest> ofLayer(
      HttpExchange exchange, String key, List<String> steps) {
    return switch (String.join("/", steps)) {
      case "" -> steps.isEmpty() ? Optional.of(new Layer(key)) : Optional.empty();
      case "metadata" -> Optional.of(new Metadata(key));
      case "chunks" -> chunks(exchange, key);
      default -> Optional.empty();
    };
  }

  private static Optional<PeerRequest> chunks(HttpExchange exchange, String key) {
    int first = number(exchange, "first");
    int count = number(exchange, "count");
    Optional<PeerCall.Absent> absent =
        PeerCall.Absent.of(exchange.query().first("absent").orElse("refuse"));
    int group = PeerProtocol.GROUP_CHUNKS;
    return absent.isPresent()
            && first >= 0
            && count >= 1
            && count <= group
            && first / group == (first + count - 1) / group
        ? Optional.of(new Chunks(key, new ChunkRange(first, count), absent.get()))
        : Optional.empty();
  }

  /** A number of the query; -1 where there is none. */
  private static int number(HttpExchange exchange, String name) {
    String text = exchange.query().first(name).orElse("");
    return text.matches("[0-9]{1,9}") ? Integer.parseInt(text) : -1;
  }
}
