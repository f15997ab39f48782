"""Batches made ahead by threads, while the network is trained."""

from collections import deque
from concurrent.futures import ThreadPoolExecutor


def ahead(make, items, workers):
    """Yield make(item) for every item, in their order; so many threads work ahead, or none with 0.

    What comes out does not depend on the number of threads, as long as make() depends on nothing but the item.
    """
    if workers == 0:
        yield from map(make, items)
        return
    items, waiting = iter(items), deque()
    pool = ThreadPoolExecutor(workers)
    try:
        for item in items:
            waiting.append(pool.submit(make, item))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
