package dev.nacelle.network;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;

/**
 * Which pod of this host holds which address. A journal, one line per change; a line cut short by a
 * crash is dropped. Written before an address is used, so it survives kill -9; it is not forced to
 * the disk, for after a power loss no pod has its old network anyhow.
 *
 * <p>An address stays with its pod until it is freed, is never held twice, and rests a while before
 * another pod gets it; the first and the last of the range are never handed out.
 */
final class PodAddresses implements AutoCloseable {
  private static final Duration REST = Duration.ofSeconds(60);
  private static final int COMPACT_AFTER = 20_000;

  private final Path file;
  private final Ipv4Range range;
  private final InstantSource clock;
  private final Map<String, Ipv4> byPod = new HashMap<>();
  private final Map<Ipv4, String> byAddress = new HashMap<>();
  private final Map<Ipv4, Long> freedAt = new HashMap<>();
  private Ipv4 last;
  private FileChannel journal;
  private int lines;

  private PodAddresses(Path file, Ipv4Range range, InstantSource clock) throws IOException {
    this.file = file;
    this.range = range;
    this.clock = clock;
    this.last = range.first();
    if (Files.exists(file)) {
      replay(Files.readString(file, StandardCharsets.UTF_8));
    }
    this.journal = compact();
  }

  static PodAddresses open(Path directory, Ipv4Range range, InstantSource clock) {
    try {
      Files.createDirectories(directory);
      return new PodAddresses(directory.resolve("addresses"), range, clock);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "cannot open the list of pod addresses in " + directory + ": " + e.getMessage(), e);
    }
  }

  private void replay(String text) {
    int end = text.lastIndexOf('\n');
    text.substring(0, end + 1)
        .lines()
        .forEach(
            line -> {
              String[] words = line.split(" ", 4);
              if (words.length == 3 && words[0].equals("+")) {
                hold(words[2], Ipv4.parse(words[1]));
              } else if (words.length == 3 && words[0].equals("-")) {
                drop(Ipv4.parse(words[1]), Long.parseLong(words[2]));
              }
            });
  }

  private void hold(String podUid, Ipv4 address) {
    byPod.put(podUid, address);
    byAddress.put(address, podUid);
    freedAt.remove(address);
    last = address;
  }

  private void drop(Ipv4 address, long atMillis) {
    String podUid = byAddress.remove(address);
    if (podUid != null) {
      byPod.remove(podUid);
    }
    freedAt.put(address, atMillis);
  }

  /**
   * Gives a pod its address: the one it holds, else the one it asks for, else the next free one.
   *
   * @throws DatapathException if the asked one is another pod's or out of range, or none is free
   */
  synchronized Ipv4 take(String podUid, Ipv4 asked) {
    Ipv4 held = byPod.get(podUid);
    if (held != null) {
      if (!asked.equals(Ipv4.ANY) && !asked.equals(held)) {
        throw new DatapathException(
            "cannot give " + asked + " to pod " + podUid + ": it holds " + held);
      }
      return held;
    }
    Ipv4 address = asked.equals(Ipv4.ANY) ? next() : asked;
    String holder = byAddress.get(address);
    if (holder != null) {
      throw new DatapathException(
          "cannot give " + address + " to pod " + podUid + ": pod " + holder + " holds it");
    }
    if (!range.contains(address)) {
      throw new DatapathException(
          "cannot give " + address + " to pod " + podUid + ": not in this host's range " + range);
    }
    append("+ " + address + " " + podUid + "\n");
    hold(podUid, address);
    return address;
  }

  /** The next address after the last one that neither is held nor rests; else the best rested. */
  private Ipv4 next() {
    long size = range.size();
    long now = clock.millis();
    Ipv4 rested = Ipv4.ANY;
    long restedSince = Long.MAX_VALUE;
    int offset = last.bits() - range.first().bits();
    for (long i = 1; i <= size; i++) {
      long step = (Integer.toUnsignedLong(offset) + i) % size;
      Ipv4 candidate = range.first().plus((int) step);
      boolean edge = step == 0 || step == size - 1;
      if (edge || byAddress.containsKey(candidate)) {
        continue;
      }
      long since = freedAt.getOrDefault(candidate, 0L);
      if (now - since >= REST.toMillis()) {
        return candidate;
      }
      if (since < restedSince) {
        restedSince = since;
        rested = candidate;
      }
    }
    if (rested.equals(Ipv4.ANY)) {
      throw new DatapathException("cannot find a pod address: all of " + range + " are held");
    }
    return rested;
  }

  /** Frees a pod's address, if it holds one. */
  synchronized void free(String podUid) {
    Ipv4 address = byPod.get(podUid);
    if (address == null) {
      return;
    }
    long now = clock.millis();
    append("- " + address + " " + now + "\n");
    drop(address, now);
  }

  /** Who holds what. */
  synchronized Map<String, Ipv4> held() {
    return Map.copyOf(byPod);
  }

  private void append(String line) {
    try {
      if (++lines > COMPACT_AFTER) {
        journal.close();
        journal = compact();
      }
      ByteBuffer bytes = ByteBuffer.wrap(line.getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        journal.write(bytes);
      }
    } catch (IOException e) {
      throw new DatapathException(
          "cannot record a pod address in " + file + ": " + e.getMessage(), e);
    }
  }

  /** Writes what holds now as a new journal in the place of the old one. */
  private FileChannel compact() throws IOException {
    StringBuilder text = new StringBuilder();
    long now = clock.millis();
    freedAt.values().removeIf(at -> now - at > REST.toMillis());
    freedAt.forEach((address, at) -> text.append("- ").append(address + " " + at + "\n"));
    byPod.forEach((pod, address) -> text.append("+ ").append(address + " " + pod + "\n"));
    Path fresh = file.resolveSibling(file.getFileName() + ".new");
    Files.writeString(fresh, text);
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    lines = byPod.size() + freedAt.size();
    return FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
  }

  @Override
  public synchronized void close() {
    try {
      journal.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
