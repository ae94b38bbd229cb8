package dev.nacelle.image;

import dev.nacelle.image.stream.ReadListener;
import dev.nacelle.image.stream.StreamIndex;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Those who write down what the readers of one layer need: images may share it. */
final class ReadListeners implements ReadListener {
  private final List<ReadListener> listeners = new CopyOnWriteArrayList<>();

  void add(ReadListener listener) {
    listeners.add(listener);
  }

  void remove(ReadListener listener) {
    listeners.remove(listener);
  }

  @Override
  public void needed(StreamIndex index, int chunk) {
    for (ReadListener listener : listeners) {
      listener.needed(index, chunk);
    }
  }
}
