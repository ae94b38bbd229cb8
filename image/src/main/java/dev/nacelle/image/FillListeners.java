package dev.nacelle.image;

import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Those who are told of reads that failed. Safe for any thread. */
final class FillListeners {
  private static final Logger LOG = LoggerFactory.getLogger(FillListeners.class);

  private final List<ImageStore.FillListener> listeners = new CopyOnWriteArrayList<>();

  ImageStore.Subscription add(ImageStore.FillListener listener) {
    listeners.add(listener);
    return () -> listeners.remove(listener);
  }

  void failed(Set<String> containerIds, String message) {
    LOG.warn("containers {} cannot read: {}", containerIds, message);
    listeners.forEach(listener -> listener.failed(containerIds, message));
  }
}
