# One image for every part of the system: web, worker, beat, relay and migrate.
#
#   docker build --build-arg GIT_COMMIT="$(git rev-parse HEAD)" --build-arg BUILD_TIME="$(date -u +%FT%TZ)" --tag notify .
#   docker run --env-file settings.env notify web

FROM python:3.13-slim-bookworm AS base
ENV PYTHONUNBUFFERED=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore


FROM base AS build
WORKDIR /src

# Two environments: what builds stays here, what runs goes on, without pip. All of it comes as wheels that
# bring their own libraries (libpq, libcurl), so neither stage needs a compiler or a Debian package.
RUN python -m venv /opt/build && python -m venv --without-pip /opt/venv
COPY requirements/build.txt requirements/server.txt requirements/
RUN /opt/build/bin/pip install --require-hashes --only-binary :all: --requirement requirements/build.txt \
    && /opt/build/bin/pip --python /opt/venv/bin/python install \
        --require-hashes --only-binary :all: --requirement requirements/server.txt

COPY pyproject.toml README.md LICENSE ./
COPY notify_core notify_core
COPY notify_adapters notify_adapters
COPY notify_web notify_web
COPY notify_worker notify_worker
COPY notify_cli notify_cli

# pip writes the bytecode, because the user that runs the code must not be able to write next to it.
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /dist . \
    && /opt/build/bin/pip --python /opt/venv/bin/python install --compile --no-deps --no-index /dist/*.whl


FROM base AS production
RUN groupadd --system notify \
    && useradd --system --gid notify --create-home --home-dir /home/notify --shell /usr/sbin/nologin notify
COPY --from=build /opt/venv /opt/venv
COPY docker/entrypoint /usr/local/bin/entrypoint

# Last, because they differ in every build.
ARG GIT_COMMIT=unknown
ARG BUILD_TIME=unknown
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    NOTIFY_GIT_COMMIT=$GIT_COMMIT \
    NOTIFY_BUILD_TIME=$BUILD_TIME

USER notify:notify
WORKDIR /home/notify
ENTRYPOINT ["/usr/local/bin/entrypoint"]
