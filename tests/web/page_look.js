// What a page looks like, in figures: contrast, targets, names of controls, raw keys, what is cut at the sides, nodes.
(()=>{
const rgb=c=>{const m=c.match(/[\d.]+/g).map(Number);return c.startsWith('color(')?[m[0]*255,m[1]*255,m[2]*255,m[3]??1]:[m[0],m[1],m[2],m[3]??1]};
const lum=c=>{const [r,g,b]=c.map(v=>{v/=255;return v<=.03928?v/12.92:((v+.055)/1.055)**2.4});return .2126*r+.7152*g+.0722*b};
const ratio=(a,b)=>{const [x,y]=[lum(a),lum(b)].sort((p,q)=>q-p);return (x+.05)/(y+.05)};
const ground=e=>{for(;e;e=e.parentElement){const c=rgb(getComputedStyle(e).backgroundColor);if(c[3]>.99)return c}return [255,255,255]};
const seen=e=>e.checkVisibility({visibilityProperty:true})&&e.getBoundingClientRect().width>1&&!e.closest('.vh,.maplibregl-control-container');
const out={contrast:[],small:[],nameless:[],keys:[],cut:[]};
const walk=document.createTreeWalker(document.body,NodeFilter.SHOW_TEXT);
while(walk.nextNode()){const e=walk.currentNode.parentElement,s=walk.currentNode.textContent.trim();
 if(!s||e.closest('svg,script,style,noscript,.rail .lbl')||!seen(e))continue;
 const r=ratio(rgb(getComputedStyle(e).color),ground(e));if(r<4.5)out.contrast.push([s.slice(0,40),r.toFixed(2)]);
 if(/^[a-z_]+\.[a-z_.]+$/.test(s))out.keys.push(s);
 const b=e.getBoundingClientRect();if(b.left<-1||b.right>innerWidth+1)if(!e.closest('.which,.asTable,.skip'))out.cut.push(s.slice(0,40))}
for(const e of document.querySelectorAll('button,a[href],input,select,textarea,[tabindex="0"]')){if(!seen(e)||e.matches('.skip'))continue;
 const box=(e.closest('label.opt,label.check')??e).getBoundingClientRect();
 if(Math.min(box.width,box.height)<24)out.small.push([e.dataset.k||e.id||e.textContent,Math.round(box.width),Math.round(box.height)]);
 if(!(e.ariaLabel||e.textContent.trim()||e.labels?.length||e.title))out.nameless.push(e.outerHTML.slice(0,80))}
out.nodes=document.getElementsByTagName('*').length;out.wide=document.documentElement.scrollWidth-innerWidth;
out.text=document.body.innerText;return out})()
