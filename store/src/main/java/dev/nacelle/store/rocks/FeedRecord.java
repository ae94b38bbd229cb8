package dev.nacelle.store.rocks;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** What {@link Family#FEED} holds for one revision: which keys changed, not their values. */
record FeedRecord(long revision, List<Item> items) {
  private static final byte PUT = 1;
  private static final byte DELETE = 2;

  /**
   * @param previous the revision of the version that was replaced, or 0
   */
  record Item(String key, boolean isDelete, long previous) {}

  static byte[] encode(List<Change> changes) {
    int size = 0;
    for (Change change : changes) {
      size += 1 + Short.BYTES + change.key().length() + Long.BYTES;
    }
    ByteBuffer out = ByteBuffer.allocate(size);
    for (Change change : changes) {
      Version before = change.before();
      out.put(change.after() == null ? DELETE : PUT)
          .putShort((short) change.key().length())
          .put(Layout.ascii(change.key()))
          .putLong(before == null ? 0 : before.modRevision());
    }
    return out.array();
  }

  static FeedRecord parse(long revision, byte[] bytes) {
    List<Item> items = new ArrayList<>();
    ByteBuffer in = ByteBuffer.wrap(bytes);
    while (in.hasRemaining()) {
      boolean isDelete = in.get() == DELETE;
      int length = in.getShort();
      String key = new String(bytes, in.position(), length, StandardCharsets.ISO_8859_1);
      in.position(in.position() + length);
      items.add(new Item(key, isDelete, in.getLong()));
    }
    return new FeedRecord(revision, items);
  }
}
