package dev.nacelle.kernel.bpf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * An object file of clang's bpf target: 64-bit little-endian ELF. Maps are described in the section
 * {@code maps} as five 32-bit numbers each (type, key size, value size, entries, flags); every
 * other executable section holds one program and is named for its {@link ProgramKind}; the section
 * {@code license} names the licence. Functions are to be inlined; global variables are refused.
 */
public final class BpfObject {
  private static final int MAX_SIZE = 4 << 20;
  private static final int MAP_SIZE = 20;
  private static final int TYPE_REL = 9;
  private static final int TYPE_SYMTAB = 2;
  private static final int TYPE_PROGBITS = 1;
  private static final int FLAG_EXECUTE = 4;
  private static final int R_BPF_64_64 = 1;
  private static final int SYMBOL_FUNCTION = 2;

  private final ByteBuffer elf;
  private final List<Section> sections;
  private final Map<String, MapLayout> maps = new LinkedHashMap<>();
  private final List<ProgramCode> programs = new ArrayList<>();

  private record Section(String name, int type, long flags, int link, int info, int at, int size) {}

  private record Symbol(String name, int kind, int section, int value) {}

  private BpfObject(byte[] bytes) {
    if (bytes.length < 64 || bytes.length > MAX_SIZE || bytes[0] != 0x7f || bytes[4] != 2) {
      throw new IllegalArgumentException("cannot read bpf object: not a 64-bit ELF file");
    }
    elf = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    sections = readSections();
    List<Symbol> symbols = readSymbols();
    readMaps(symbols);
    readPrograms(symbols);
  }

  /**
   * Reads a whole object file.
   *
   * @throws IllegalArgumentException if it is none, or uses what this reader refuses
   */
  public static BpfObject read(byte[] elf) {
    try {
      return new BpfObject(elf);
    } catch (IndexOutOfBoundsException | ArithmeticException e) {
      throw new IllegalArgumentException("cannot read bpf object: it is cut short or damaged", e);
    }
  }

  public List<MapLayout> maps() {
    return List.copyOf(maps.values());
  }

  public List<ProgramCode> programs() {
    return List.copyOf(programs);
  }

  private List<Section> readSections() {
    int at = Math.toIntExact(elf.getLong(40));
    int count = elf.getShort(60);
    int names = nameTable(at);
    List<Section> found = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int header = at + i * 64;
      found.add(
          new Section(
              text(names + elf.getInt(header)),
              elf.getInt(header + 4),
              elf.getLong(header + 8),
              elf.getInt(header + 40),
              elf.getInt(header + 44),
              Math.toIntExact(elf.getLong(header + 24)),
              Math.toIntExact(elf.getLong(header + 32))));
    }
    return found;
  }

  private int nameTable(int headers) {
    return Math.toIntExact(elf.getLong(headers + elf.getShort(62) * 64 + 24));
  }

  private List<Symbol> readSymbols() {
    List<Symbol> symbols = new ArrayList<>();
    for (Section section : sections) {
      if (section.type() != TYPE_SYMTAB) {
        continue;
      }
      int names = sections.get(section.link()).at();
      for (int at = section.at(); at < section.at() + section.size(); at += 24) {
        symbols.add(
            new Symbol(
                text(names + elf.getInt(at)),
                elf.get(at + 4) & 0xf,
                elf.getShort(at + 6) & 0xffff,
                (int) elf.getLong(at + 8)));
      }
    }
    return symbols;
  }

  private void readMaps(List<Symbol> symbols) {
    int index = indexOf("maps");
    for (Symbol symbol : symbols) {
      if (index < 0 || symbol.section() != index || symbol.name().isEmpty()) {
        continue;
      }
      int at = sections.get(index).at() + symbol.value();
      if (symbol.value() + MAP_SIZE > sections.get(index).size()) {
        throw new IndexOutOfBoundsException(symbol.name());
      }
      maps.put(
          symbol.name(),
          new MapLayout(
              symbol.name(),
              elf.getInt(at),
              elf.getInt(at + 4),
              elf.getInt(at + 8),
              elf.getInt(at + 12),
              elf.getInt(at + 16)));
    }
  }

  private void readPrograms(List<Symbol> symbols) {
    String license = license();
    for (int i = 0; i < sections.size(); i++) {
      Section section = sections.get(i);
      boolean code =
          section.type() == TYPE_PROGBITS
              && (section.flags() & FLAG_EXECUTE) != 0
              && section.size() > 0;
      if (!code) {
        continue;
      }
      byte[] instructions = new byte[Objects.checkIndex(section.size(), elf.limit())];
      elf.get(section.at(), instructions);
      programs.add(
          new ProgramCode(
              functionOf(symbols, i, section.name()),
              ProgramKind.ofSection(section.name()),
              instructions,
              references(symbols, i, section.name()),
              license));
    }
  }

  private static String functionOf(List<Symbol> symbols, int section, String name) {
    List<String> functions =
        symbols.stream()
            .filter(s -> s.section() == section && s.kind() == SYMBOL_FUNCTION)
            .map(Symbol::name)
            .toList();
    if (functions.size() != 1) {
      throw new IllegalArgumentException(
          "cannot load bpf section " + name + ": want one function, found " + functions);
    }
    return functions.getFirst();
  }

  private Map<Integer, String> references(List<Symbol> symbols, int target, String name) {
    Map<Integer, String> references = new HashMap<>();
    for (Section section : sections) {
      if (section.type() != TYPE_REL || section.info() != target) {
        continue;
      }
      for (int at = section.at(); at < section.at() + section.size(); at += 16) {
        Symbol symbol = symbols.get((int) (elf.getLong(at + 8) >>> 32));
        boolean map = (int) elf.getLong(at + 8) == R_BPF_64_64 && maps.containsKey(symbol.name());
        if (!map) {
          throw new IllegalArgumentException(
              "cannot load bpf section "
                  + name
                  + ": it refers to \""
                  + symbol.name()
                  + "\", no map");
        }
        references.put(Math.toIntExact(elf.getLong(at)), symbol.name());
      }
    }
    return references;
  }

  private String license() {
    int index = indexOf("license");
    return index < 0 ? "" : text(sections.get(index).at());
  }

  private int indexOf(String name) {
    for (int i = 0; i < sections.size(); i++) {
      if (sections.get(i).name().equals(name)) {
        return i;
      }
    }
    return -1;
  }

  private String text(int at) {
    int end = at;
    while (elf.get(end) != 0) {
      end++;
    }
    return new String(elf.array(), at, end - at, StandardCharsets.UTF_8);
  }
}
