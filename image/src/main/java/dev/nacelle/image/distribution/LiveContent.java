package dev.nacelle.image.distribution;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What of a repository must stay. A pure plan. */
record LiveContent(Set<ContentDigest> manifests, Set<ContentDigest> blobs) {
  LiveContent {
    manifests = Set.copyOf(manifests);
    blobs = Set.copyOf(blobs);
  }

  /**
   * Follows manifests to their parts, and to the referrers that speak of them.
   *
   * @param tagged what tags lead to
   * @param manifests all that there are
   */
  static LiveContent of(
      Collection<ContentDigest> tagged,
      Map<ContentDigest, ManifestDocument> manifests,
      RegistryLimits.Untagged untagged) {
    var referrers = new HashMap<ContentDigest, List<ContentDigest>>();
    manifests.forEach(
        (digest, document) ->
            document
                .subject()
                .ifPresent(
                    subject ->
                        referrers
                            .computeIfAbsent(subject, s -> new java.util.ArrayList<>())
                            .add(digest)));
    var live = new HashSet<ContentDigest>();
    var blobs = new HashSet<ContentDigest>();
    var open =
        new ArrayDeque<ContentDigest>(
            switch (untagged) {
              case KEPT -> manifests.keySet();
              case COLLECTED -> tagged;
            });
    while (!open.isEmpty()) {
      ContentDigest digest = open.pop();
      ManifestDocument document = manifests.get(digest);
      if (document == null || !live.add(digest)) {
        continue;
      }
      open.addAll(referrers.getOrDefault(digest, List.of()));
      for (ManifestDocument.Descriptor part : document.references()) {
        switch (part.kind()) {
          case MANIFEST -> open.add(part.digest());
          case BLOB, FOREIGN -> blobs.add(part.digest());
        }
      }
    }
    return new LiveContent(live, blobs);
  }
}
