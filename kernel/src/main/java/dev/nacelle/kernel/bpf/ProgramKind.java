package dev.nacelle.kernel.bpf;

/** The kinds of program in use, by the section that holds them; numbers of linux/bpf.h. */
public enum ProgramKind {
  CONNECT4("cgroup/connect4", 18, 10),
  CONNECT6("cgroup/connect6", 18, 11),
  SENDMSG4("cgroup/sendmsg4", 18, 14),
  SENDMSG6("cgroup/sendmsg6", 18, 15),
  RECVMSG4("cgroup/recvmsg4", 18, 19),
  RECVMSG6("cgroup/recvmsg6", 18, 20),
  GETPEERNAME4("cgroup/getpeername4", 18, 29),
  GETPEERNAME6("cgroup/getpeername6", 18, 30),
  DEVICE("cgroup/dev", 15, 6),
  TCX_INGRESS("tcx/ingress", 3, 46),
  TCX_EGRESS("tcx/egress", 3, 47);

  private final String section;
  private final int programType;
  private final int attachType;

  ProgramKind(String section, int programType, int attachType) {
    this.section = section;
    this.programType = programType;
    this.attachType = attachType;
  }

  int programType() {
    return programType;
  }

  int attachType() {
    return attachType;
  }

  /** Whether it is attached to an interface; else to a cgroup. */
  public boolean onInterface() {
    return this == TCX_INGRESS || this == TCX_EGRESS;
  }

  /** The kind of a section; several programs of a kind are told apart by a further path element. */
  static ProgramKind ofSection(String section) {
    for (ProgramKind kind : values()) {
      if (section.equals(kind.section) || section.startsWith(kind.section + "/")) {
        return kind;
      }
    }
    throw new IllegalArgumentException("cannot load bpf section " + section + ": unknown kind");
  }
}
