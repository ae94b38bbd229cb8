package dev.nacelle.apiserver.storage;

import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.definition.ResourceDefinition.Origin;
import dev.nacelle.api.kinds.shared.StoredElsewhere;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.bytes.Bytes;
import java.lang.ref.WeakReference;
import org.jspecify.annotations.Nullable;

/**
 * One object at one revision, as bytes; the tree is made where it is asked for and kept only while
 * somebody else holds it. Immutable to the outside, safe for any thread.
 */
public final class StoredObject {
  private static final byte[] RESOURCE_VERSION = ObjectFormat.ascii("\"resourceVersion\":\"");
  private static final byte[] END = ObjectFormat.ascii("\",");

  private final ResourceDefinition definition;
  private final String key;
  private final Bytes stored;
  private final long revision;
  private volatile @Nullable WeakReference<KubeObject> tree;

  /**
   * @param key in the store
   * @param stored as {@link ObjectFormat} encodes it
   * @param revision of the last change; 0 for an object that was not stored (a dry run)
   */
  public StoredObject(ResourceDefinition definition, String key, Bytes stored, long revision) {
    this.definition = definition;
    this.key = key;
    this.stored = stored;
    this.revision = revision;
  }

  /** What has just been stored: whoever asks for the object next need not parse it again. */
  public static StoredObject written(
      ResourceDefinition definition,
      String key,
      Bytes stored,
      long revision,
      String version,
      KubeObject object) {
    var result = new StoredObject(definition, key, stored, revision);
    ObjectFormat.asStored(definition, version, object, revision)
        .ifPresent(known -> result.tree = new WeakReference<>(known));
    return result;
  }

  public ResourceDefinition definition() {
    return definition;
  }

  public String key() {
    return key;
  }

  public long revision() {
    return revision;
  }

  /** The bytes without resourceVersion, as they lie in the store. */
  public Bytes stored() {
    return stored;
  }

  /** The same state under a later revision: what a deletion reports. */
  public StoredObject at(long laterRevision) {
    return new StoredObject(definition, key, stored, laterRevision);
  }

  /** The object in its stored version. */
  public KubeObject object() {
    var reference = tree;
    KubeObject known = reference == null ? null : reference.get();
    if (known == null) {
      known = ObjectFormat.decode(definition, definition.storedVersion().name(), stored, revision);
      tree = new WeakReference<>(known);
    }
    return known;
  }

  /** The object in a version. */
  public KubeObject object(String version) {
    return version.equals(definition.storedVersion().name())
        ? object()
        : ObjectFormat.decode(definition, version, stored, revision);
  }

  /**
   * The JSON text in a version, resourceVersion included. A copy of bytes where nothing changes.
   */
  public Bytes json(String version) {
    if (!isCopied(version)) {
      return ObjectFormat.encodeReply(object(version));
    }
    if (revision == 0) {
      return stored;
    }
    byte[] result = new byte[splicedSize()];
    splice(result, 0);
    return Bytes.wrap(result);
  }

  /** Whether {@link #json} copies bytes. */
  private boolean isCopied(String version) {
    return definition.origin() == Origin.BUILT_IN
        && !(definition.hooks() instanceof StoredElsewhere)
        && version.equals(definition.storedVersion().name());
  }

  private int splicedSize() {
    return stored.sizeBytes() + RESOURCE_VERSION.length + digits(revision) + END.length;
  }

  private int splice(byte[] target, int at) {
    byte[] source = stored.unsafeArray();
    int start = ObjectFormat.metadataStart(stored);
    System.arraycopy(source, 0, target, at, start);
    int next = at + start;
    System.arraycopy(RESOURCE_VERSION, 0, target, next, RESOURCE_VERSION.length);
    next += RESOURCE_VERSION.length;
    byte[] number = ObjectFormat.ascii(Long.toString(revision));
    System.arraycopy(number, 0, target, next, number.length);
    next += number.length;
    System.arraycopy(END, 0, target, next, END.length);
    next += END.length;
    System.arraycopy(source, start, target, next, source.length - start);
    return next + source.length - start;
  }

  private static int digits(long value) {
    return Long.toString(value).length();
  }
}
