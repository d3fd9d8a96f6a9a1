//! Files and sockets of WASI, refused by themselves: what a component imports of them is linked, answers that it may not, and
//! none of the code behind it is in the host.

use crate::state::CallState;
use wasmtime::component::types::{ComponentFunc, ComponentItem};
use wasmtime::component::{Component, Linker, Resource, ResourceType, Type, Val};
use wasmtime::{Engine, StoreContextMut, bail};

/// The interfaces of which nothing is given.
const REFUSED: [&str; 2] = ["wasi:filesystem/", "wasi:sockets/"];
/// The resources they define; others they only use.
const RESOURCES: [(&str, &[&str]); 5] = [
    ("wasi:filesystem/types@", &["descriptor", "directory-entry-stream"]),
    ("wasi:sockets/network@", &["network"]),
    ("wasi:sockets/tcp@", &["tcp-socket"]),
    ("wasi:sockets/udp@", &["udp-socket", "incoming-datagram-stream", "outgoing-datagram-stream"]),
    ("wasi:sockets/ip-name-lookup@", &["resolve-address-stream"]),
];
/// How sockets say it. Of a file nothing can be asked: there is no descriptor to ask.
const DENIED: &str = "access-denied";

/// What stands for their resources. There is one, and nothing can be done with it.
struct Nothing;

/// Links what the component imports of files and sockets.
pub(crate) fn add_to_linker(
    linker: &mut Linker<CallState>,
    engine: &Engine,
    component: &Component,
) -> wasmtime::Result<()> {
    for (name, item) in component.component_type().imports(engine) {
        let ComponentItem::ComponentInstance(instance) = item.ty else { continue };
        if !REFUSED.iter().any(|refused| name.starts_with(refused)) {
            continue;
        }
        let mut linked = linker.instance(name)?;
        for (export, item) in instance.exports(engine) {
            let is_own = || RESOURCES.iter().any(|(of, own)| name.starts_with(of) && own.contains(&export));
            match item.ty {
                ComponentItem::ComponentFunc(_) => linked.func_new(export, refuse)?,
                ComponentItem::Resource(_) if is_own() => {
                    linked.resource(export, ResourceType::host::<Nothing>(), |_, _| Ok(()))?;
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// Answers [`DENIED`] where a function can say it; otherwise nothing, the emptiest there is.
fn refuse(
    mut store: StoreContextMut<'_, CallState>,
    function: ComponentFunc,
    given: &[Val],
    results: &mut [Val],
) -> wasmtime::Result<()> {
    for lent in given {
        if let Val::Resource(lent) = lent {
            lent.resource_drop(&mut store)?;
        }
    }
    for (result, ty) in results.iter_mut().zip(function.results()) {
        *result = match &ty {
            Type::Result(of) => match of.err() {
                Some(Type::Enum(errors)) if errors.names().any(|name| name == DENIED) => {
                    Val::Result(Err(Some(Box::new(Val::Enum(DENIED.into())))))
                }
                _ => bail!("it is not allowed"),
            },
            Type::List(_) => Val::List(Vec::new()),
            Type::Option(_) => Val::Option(None),
            Type::Own(_) => Val::Resource(Resource::<Nothing>::new_own(0).try_into_resource_any(&mut store)?),
            _ => bail!("it is not allowed"),
        };
    }
    Ok(())
}
