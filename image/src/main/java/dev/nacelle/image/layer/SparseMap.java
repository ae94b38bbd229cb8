package dev.nacelle.image.layer;

import dev.nacelle.image.layer.TarEntry.Extent;
import java.util.ArrayList;
import java.util.List;

/** Collects the pieces of a sparse file and checks that they are in order and inside it. */
final class SparseMap {
  private static final int MAX_EXTENTS = 65_536;

  private final ArrayList<Extent> extents = new ArrayList<>();
  private long end;

  void add(long offset, long sizeBytes) throws LayerException {
    if (offset < end || sizeBytes < 0 || offset + sizeBytes < offset) {
      throw new LayerException("cannot read layer: sparse file with extents out of order");
    }
    if (extents.size() == MAX_EXTENTS) {
      throw new LayerException(
          "cannot read layer: sparse file with more than " + MAX_EXTENTS + " extents");
    }
    end = offset + sizeBytes;
    if (sizeBytes > 0) {
      extents.add(new Extent(offset, sizeBytes));
    }
  }

  void addPairs(List<String> numbers) throws LayerException {
    if (numbers.size() % 2 != 0) {
      throw new LayerException("cannot read layer: sparse file with an incomplete map");
    }
    for (int i = 0; i < numbers.size(); i += 2) {
      add(PaxRecords.parseNumber(numbers.get(i)), PaxRecords.parseNumber(numbers.get(i + 1)));
    }
  }

  List<Extent> within(long fileBytes) throws LayerException {
    if (end > fileBytes) {
      throw new LayerException("cannot read layer: sparse file with data beyond its end");
    }
    return List.copyOf(extents);
  }
}
