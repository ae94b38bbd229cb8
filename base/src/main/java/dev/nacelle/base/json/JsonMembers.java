package dev.nacelle.base.json;

import java.util.AbstractMap;
import java.util.AbstractSet;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The members of an object in their order: two arrays, and for larger objects a table of hashes.
 * Takes a third of the memory of a linked hash map. Immutable.
 */
final class JsonMembers extends AbstractMap<String, Json> {
  /** Up to here a look at each name is faster than hashing. */
  private static final int SCANNED = 8;

  private final String[] names;
  private final Json[] values;

  /** Open addressing: one more than the place of a member, zero where there is none. */
  private final int[] table;

  /** Takes over the arrays; the names differ from each other. */
  JsonMembers(String[] names, Json[] values) {
    this.names = names;
    this.values = values;
    this.table = names.length <= SCANNED ? new int[0] : table(names);
  }

  /** The same names in the same order with other values; shares what depends on names alone. */
  private JsonMembers(JsonMembers names, Json[] values) {
    this.names = names.names;
    this.values = values;
    this.table = names.table;
  }

  /** With one member set in its place, or behind the others. */
  JsonMembers with(String name, Json value) {
    int at = indexOf(name);
    if (at >= 0) {
      Json[] changed = values.clone();
      changed[at] = value;
      return new JsonMembers(this, changed);
    }
    String[] moreNames = Arrays.copyOf(names, names.length + 1);
    Json[] moreValues = Arrays.copyOf(values, values.length + 1);
    moreNames[names.length] = name;
    moreValues[values.length] = value;
    return new JsonMembers(moreNames, moreValues);
  }

  private static int[] table(String[] names) {
    int[] table = new int[Integer.highestOneBit(names.length) << 2];
    for (int i = 0; i < names.length; i++) {
      int slot = slot(names[i], table.length);
      while (table[slot] != 0) {
        slot = (slot + 1) & (table.length - 1);
      }
      table[slot] = i + 1;
    }
    return table;
  }

  private static int slot(String name, int length) {
    int hash = name.hashCode();
    return (hash ^ hash >>> 16) & (length - 1);
  }

  private int indexOf(@Nullable Object name) {
    if (!(name instanceof String wanted)) {
      return -1;
    }
    if (table.length == 0) {
      for (int i = 0; i < names.length; i++) {
        if (names[i].equals(wanted)) {
          return i;
        }
      }
      return -1;
    }
    for (int slot = slot(wanted, table.length); table[slot] != 0; ) {
      if (names[table[slot] - 1].equals(wanted)) {
        return table[slot] - 1;
      }
      slot = (slot + 1) & (table.length - 1);
    }
    return -1;
  }

  String name(int index) {
    return names[index];
  }

  Json value(int index) {
    return values[index];
  }

  String[] names() {
    return names.clone();
  }

  Json[] valueArray() {
    return values.clone();
  }

  @Override
  public int size() {
    return names.length;
  }

  @Override
  public @Nullable Json get(@Nullable Object name) {
    int index = indexOf(name);
    return index < 0 ? null : values[index];
  }

  @Override
  public boolean containsKey(@Nullable Object name) {
    return indexOf(name) >= 0;
  }

  @Override
  public void forEach(BiConsumer<? super String, ? super Json> action) {
    for (int i = 0; i < names.length; i++) {
      action.accept(names[i], values[i]);
    }
  }

  /** As a map's, without an object for each member. */
  @Override
  public boolean equals(@Nullable Object other) {
    if (!(other instanceof JsonMembers that)) {
      return super.equals(other);
    }
    if (this == that) {
      return true;
    }
    if (names.length != that.names.length) {
      return false;
    }
    for (int i = 0; i < names.length; i++) {
      // most pairs have their members in the same order
      int at = names[i].equals(that.names[i]) ? i : that.indexOf(names[i]);
      if (at < 0 || (values[i] != that.values[at] && !values[i].equals(that.values[at]))) {
        return false;
      }
    }
    return true;
  }

  @Override
  public int hashCode() {
    int hash = 0;
    for (int i = 0; i < names.length; i++) {
      hash += names[i].hashCode() ^ values[i].hashCode();
    }
    return hash;
  }

  @Override
  public Set<Map.Entry<String, Json>> entrySet() {
    return new AbstractSet<>() {
      @Override
      public int size() {
        return names.length;
      }

      @Override
      public Iterator<Map.Entry<String, Json>> iterator() {
        return new Entries();
      }
    };
  }

  private final class Entries implements Iterator<Map.Entry<String, Json>> {
    private int next;

    @Override
    public boolean hasNext() {
      return next < names.length;
    }

    @Override
    public Map.Entry<String, Json> next() {
      if (next == names.length) {
        throw new NoSuchElementException();
      }
      int index = next++;
      return Map.entry(names[index], values[index]);
    }
  }
}
