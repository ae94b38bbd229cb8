package dev.nacelle.image;

import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * An image as the index keeps it. Its configuration is a blob.
 *
 * @param manifests digests of manifests that led here, blobs too; empty for an imported image
 */
record StoredImage(
    String id,
    List<String> names,
    List<String> repoDigests,
    List<String> manifests,
    ImageConfig config,
    List<StoredLayer> layers,
    Instant lastUsed) {
  StoredImage {
    names = names.stream().distinct().sorted().toList();
    repoDigests = repoDigests.stream().distinct().sorted().toList();
    manifests = manifests.stream().distinct().sorted().toList();
    layers = List.copyOf(layers);
  }

  long sizeBytes() {
    return layers.stream().mapToLong(l -> l.built().sizeBytes()).sum();
  }

  ResolvedImage toResolved() {
    return new ResolvedImage(
        id,
        names,
        repoDigests,
        config,
        layers.stream().map(StoredLayer::toImageLayer).toList(),
        sizeBytes(),
        lastUsed);
  }

  /** All that belongs to it: digits of digests, and keys of layers. */
  Set<String> parts() {
    var parts = new HashSet<String>();
    parts.add(StoreLayout.hex(id));
    manifests.forEach(m -> parts.add(StoreLayout.hex(m)));
    layers.forEach(l -> parts.add(l.key()));
    return parts;
  }

  /** What people call it. */
  String shownName() {
    return Stream.concat(names.stream(), repoDigests.stream()).findFirst().orElse(id);
  }

  StoredImage usedAt(Instant now) {
    return new StoredImage(id, names, repoDigests, manifests, config, layers, now);
  }

  StoredImage withNames(List<String> newNames) {
    return new StoredImage(id, newNames, repoDigests, manifests, config, layers, lastUsed);
  }

  /** The same image under other names. */
  StoredImage named(List<String> newNames, List<String> newRepoDigests) {
    return new StoredImage(id, newNames, newRepoDigests, manifests, config, layers, lastUsed);
  }

  /** This image with what {@code other}, which has the same id, knows more. */
  StoredImage and(StoredImage other) {
    return new StoredImage(
        id,
        joined(names, other.names),
        joined(repoDigests, other.repoDigests),
        joined(manifests, other.manifests),
        config,
        layers,
        other.lastUsed);
  }

  Optional<StoredImage> withoutName(String name) {
    List<String> left = names.stream().filter(n -> !n.equals(name)).toList();
    return left.isEmpty() && repoDigests.isEmpty()
        ? Optional.empty()
        : Optional.of(withNames(left));
  }

  private static List<String> joined(List<String> some, List<String> more) {
    var all = new ArrayList<>(some);
    all.addAll(more);
    return all;
  }

  JsonObject toJson() {
    return JsonObject.builder()
        .put("id", id)
        .put("names", JsonArray.ofStrings(names))
        .put("repoDigests", JsonArray.ofStrings(repoDigests))
        .put("manifests", JsonArray.ofStrings(manifests))
        .put("config", config.toJson())
        .put("layers", new JsonArray(layers.stream().map(l -> (Json) l.toJson()).toList()))
        .put("lastUsed", lastUsed.toString())
        .build();
  }

  static StoredImage of(JsonObject json) {
    return new StoredImage(
        json.string("id").orElseThrow(),
        json.array("names").strings().toList(),
        json.array("repoDigests").strings().toList(),
        json.array("manifests").strings().toList(),
        ImageConfig.of(json.object("config")),
        json.array("layers").objects().map(StoredLayer::of).toList(),
        json.string("lastUsed").map(Instant::parse).orElse(Instant.EPOCH));
  }
}
