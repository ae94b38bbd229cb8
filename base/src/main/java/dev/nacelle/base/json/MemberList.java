package dev.nacelle.base.json;

import java.util.Arrays;
import java.util.HashMap;
import org.jspecify.annotations.Nullable;

/**
 * Members that are gathered: a later value of a name takes the place of the earlier. One thread.
 */
final class MemberList {
  private static final int SCANNED = 12;

  private String[] names;
  private Json[] values;
  private int size;

  /** Places by name, once there are many. */
  private @Nullable HashMap<String, Integer> places;

  MemberList() {
    names = new String[4];
    values = new Json[4];
  }

  MemberList(JsonMembers start) {
    names = start.names();
    values = start.valueArray();
    size = names.length;
  }

  int size() {
    return size;
  }

  /** True when the name was there already. */
  boolean put(String name, Json value) {
    int at = indexOf(name);
    if (at >= 0) {
      values[at] = value;
      return true;
    }
    if (size == names.length) {
      int larger = Math.max(4, size * 2);
      names = Arrays.copyOf(names, larger);
      values = Arrays.copyOf(values, larger);
    }
    names[size] = name;
    values[size] = value;
    if (places != null) {
      places.put(name, size);
    }
    size++;
    return false;
  }

  void remove(String name) {
    int at = indexOf(name);
    if (at < 0) {
      return;
    }
    System.arraycopy(names, at + 1, names, at, size - at - 1);
    System.arraycopy(values, at + 1, values, at, size - at - 1);
    size--;
    places = null;
  }

  private int indexOf(String name) {
    if (size <= SCANNED) {
      for (int i = 0; i < size; i++) {
        if (names[i].equals(name)) {
          return i;
        }
      }
      return -1;
    }
    if (places == null) {
      places = new HashMap<>(size * 4);
      for (int i = 0; i < size; i++) {
        places.put(names[i], i);
      }
    }
    return places.getOrDefault(name, -1);
  }

  /** Ends the gathering: the arrays may be handed over. */
  JsonMembers toMembers() {
    return size == names.length
        ? new JsonMembers(names, values)
        : new JsonMembers(Arrays.copyOf(names, size), Arrays.copyOf(values, size));
  }
}
