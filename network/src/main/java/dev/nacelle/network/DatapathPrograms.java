package dev.nacelle.network;

import dev.nacelle.kernel.bpf.BpfMap;
import dev.nacelle.kernel.bpf.BpfObject;
import dev.nacelle.kernel.bpf.BpfProgram;
import dev.nacelle.kernel.bpf.ProgramCode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/**
 * The compiled programs that this build carries.
 *
 * @param digest tells builds apart
 */
record DatapathPrograms(List<BpfObject> objects, String digest) {

  static DatapathPrograms ofThisBuild() {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      List<BpfObject> objects = new ArrayList<>();
      for (String name : List.of("/bpf/socket.o", "/bpf/packet.o")) {
        byte[] bytes = resource(name);
        digest.update(bytes);
        objects.add(BpfObject.read(bytes));
      }
      return new DatapathPrograms(
          List.copyOf(objects), HexFormat.of().formatHex(digest.digest(), 0, 8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] resource(String name) {
    try (InputStream in = DatapathPrograms.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException(
            "cannot find " + name + " in the jar; build the module network with clang installed");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  List<ProgramCode> programs() {
    return objects.stream().flatMap(object -> object.programs().stream()).toList();
  }

  /** Loads all programs; on a failure none stays. */
  Map<String, BpfProgram> load(Map<String, BpfMap> maps) {
    Map<String, BpfProgram> loaded = new HashMap<>();
    try {
      for (ProgramCode code : programs()) {
        loaded.put(code.name(), BpfProgram.load(code, maps));
      }
      return loaded;
    } catch (RuntimeException e) {
      loaded.values().forEach(BpfProgram::close);
      throw e;
    }
  }
}
